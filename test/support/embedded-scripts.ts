import {readFileSync} from 'node:fs';
import {install as calicoEmulator} from '../../emulators/calico/src/install.js';
import {EXECUTOR, TERMINAL_EXECUTOR} from '../../emulators/mesos/src/agent/containers/command-executor.js';
import type {Cluster} from '../../src/cluster/cluster.js';
import {parseCluster} from '../../src/cluster/load.js';
import type {Component} from '../../src/components/component.js';
import {snapshotScript} from '../../src/components/firewall/program.js';
import {COMPONENTS} from '../../src/components/index.js';
import type {Action} from '../../src/engine/action.js';
import type {Fact, FactMap, FactOutput} from '../../src/engine/fact.js';
import {HELD_SCRIPT} from '../../src/engine/held-host.js';
import {lockHost} from '../../src/engine/lock.js';
import {joinFacts} from '../../src/engine/observe.js';
import {perform} from '../../src/engine/perform.js';
import type {StepContext} from '../../src/engine/step.js';
import {lastRunScript} from '../../src/engine/unit-failure.js';
import {waitScript} from '../../src/engine/wait.js';
import {changeScript} from '../../src/firewall/install-change.js';
import {listeners, neighbour} from '../../src/firewall/node-services.js';
import {probeFact} from '../../src/firewall/probe.js';
import {READ_SCRIPT, WRITE_SCRIPT} from '../../src/host/files.js';
import type {ExecOptions, ExecResult, Host} from '../../src/host/host.js';
import {SKIP_SCRIPT} from '../../src/host/sudo.js';
import {killTagged} from '../../src/host/tagged-command.js';
import {BUILD_SCRIPT} from '../../src/lab/base/build-script.js';
import {FREEZE_SCRIPT} from '../../src/lab/machine/freeze.js';
import {LAUNCH_SCRIPT} from '../../src/lab/machine/launch-script.js';
import {REPLACE, RESTART} from '../../src/lab/machine/renew.js';
import {LOAD_SCRIPT} from '../../src/lab/upstream/preinstall.js';
import {RUNC_SCRIPT} from '../../src/lab/upstream/runc.js';
import {logScript} from '../../src/logs/source.js';
import {SCHEDULER_STATE_COMMAND} from '../../src/scheduler-api/endpoints.js';
import {addressLiteral} from '../../src/support/address.js';
import {packageFile} from '../../src/support/template.js';
import {LIST} from '../../src/tasks/container.js';
import {fakeInputs} from './fake-inputs.js';
import {pauseScript} from './pause-script.js';

/** A shell script that is a string in a TypeScript file, as hw5 would send it. */
export interface EmbeddedScript {
  /** Where it is from: `component/what`. */
  readonly name: string;
  readonly script: string;
}

/** All scripts that hw5 sends to hosts or runs on the machine of the lab, and those of the emulators, each once. */
export async function embeddedScripts(): Promise<readonly EmbeddedScript[]> {
  const all = [...clusters().flatMap(ofComponents), ...constants(), ...ofFirewall(), ...ofEmulators(), ...(await ofEngine())];
  return [...new Map(all.map((one) => [one.script, one])).values()];
}

/** The documented cluster, with each source of Mesos. */
function clusters(): readonly Cluster[] {
  const file = packageFile('cluster.example.yaml');
  const text = readFileSync(file, 'utf8');
  const sources = ['kind: host', 'kind: image\n    image: mesos/mesos:1.11.0', 'kind: external\n    master: 203.0.113.5:5050'];
  return sources.map((source) => parseCluster(text.replace('kind: host', source), file, {home: '/home/user'}));
}

/** Facts, waits, health checks and what is done and undone on a host where nothing is found, and on one where everything succeeds. */
function ofComponents(cluster: Cluster): EmbeddedScript[] {
  return COMPONENTS.flatMap((component) =>
    cluster.nodes.flatMap((node) => {
      const context = {node, cluster, inputs: fakeInputs(), unreachable: new Set<string>()};
      const facts = component.facts(context);
      const scripts = (of: FactMap): EmbeddedScript[] =>
        Object.entries(of).map(([name, {script}]) => ({name: `${component.name}/fact ${name}`, script}));
      const ready = component.ready?.(context);
      return [
        ...scripts(facts),
        ...scripts(component.health ? {health: component.health(cluster, node)} : {}),
        ...(ready ? [{name: `${component.name}/ready`, script: waitScript(ready, component.units)}] : []),
        ...actionsOf(component, facts, context).flatMap((action) => scriptsOf(component.name, action)),
      ];
    }),
  );
}

/** What the scripts of facts may print: nothing exists, everything succeeds, and several answers that some facts understand. */
const OUTPUTS: readonly FactOutput[] = [
  {code: 1, stdout: ''},
  {code: 0, stdout: ''},
  {code: 0, stdout: '1\n'},
  {code: 0, stdout: 'x 1 x\n'},
  {code: 0, stdout: '[{"Name":"calico_net","Driver":"calico","IPAM":{"Driver":"calico-ipam","Config":[]}}]'},
  {code: 0, stdout: 'LoadState=loaded\nActiveState=activating\n'},
];

/** The actions on a node for every pair of outputs: the node's own, and those of the other nodes. */
function actionsOf(component: Component, facts: FactMap, context: StepContext): readonly Action[] {
  // `packages` would install packages with the names that it reads there
  const outputs = component.name === 'packages' ? OUTPUTS.slice(0, 3) : OUTPUTS;
  const states = outputs.map((output) =>
    Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, parsed(fact, output)])),
  );
  return states.flatMap((observed) =>
    states.flatMap((others) => {
      const all = context.cluster.nodes.map(({name}) => [name, name === context.node.name ? observed : others] as const);
      const planContext = {...context, allObserved: new Map(all)};
      return [
        () => component.plan(observed, planContext),
        () => component.undo(observed, {...planContext, purge: true, isRetired: false}),
        () => component.undo(observed, {...planContext, purge: true, isRetired: true}),
      ].flatMap(attempt);
    }),
  );
}

/** A state that no host can be in may make a component throw: then it has no actions. */
function attempt(actions: () => readonly Action[]): readonly Action[] {
  try {
    return actions();
  } catch {
    return [];
  }
}

function parsed(fact: Fact<unknown>, output: FactOutput): unknown {
  try {
    return fact.parse(output);
  } catch {
    return undefined;
  }
}

function scriptsOf(component: string, action: Action): EmbeddedScript[] {
  if (action.kind === 'script') return [{name: `${component}/${action.title}`, script: action.script}];
  if (action.kind !== 'run') return [];
  const [shell, option, script = ''] = action.argv;
  return shell === 'sh' && option === '-c' ? [{name: `${component}/${action.title}`, script}] : [];
}

function constants(): EmbeddedScript[] {
  return Object.entries({
    BUILD_SCRIPT,
    FREEZE_SCRIPT,
    HELD_SCRIPT,
    LAUNCH_SCRIPT,
    LIST,
    LOAD_SCRIPT,
    READ_SCRIPT,
    RUNC_SCRIPT,
    REPLACE,
    RESTART,
    SCHEDULER_STATE_COMMAND,
    lastRunScript: lastRunScript('hw5-etcd.service'),
    SKIP_SCRIPT,
    WRITE_SCRIPT,
    pause: `# shellcheck disable=SC2154 # eval assigns them\n${pauseScript()}`,
    KILL_SCRIPT: killTagged('tag')[2]!,
    logScript: logScript({component: 'etcd', nodes: [], units: ['etcd'], container: 'etcd'}, {lines: 10}),
    logFilesScript: logScript(
      {component: 'calico', nodes: [], units: ['calico'], files: '/var/log/calico/*/current'},
      {lines: 10},
    ),
  }).map(([name, script]) => ({name, script}));
}

function ofFirewall(): EmbeddedScript[] {
  const end = {label: 'node1', address: addressLiteral('198.18.0.11'), node: 'node1'};
  const facts = {
    listeners,
    neighbour: neighbour(end.address),
    ping: probeFact({kind: 'ping', from: end, to: end}),
    http: probeFact({kind: 'http', from: {...end, pid: 1}, to: end, port: 80, delay: 1}),
  };
  const edits = [{tool: 'iptables-nft', forward: '*filter\n', back: '*filter\n'}];
  const boot = [{tool: 'iptables-nft', content: '*filter\n'}];
  const change = {edits, notes: [], boot, newTables: [], fingerprint: 'f', strictSeconds: undefined, remarks: []};
  return [
    ...Object.entries(facts).map(([name, {script}]) => ({name: `firewall/${name}`, script})),
    {name: 'firewall/change', script: changeScript('id', change, 15)},
    {name: 'firewall/snapshot', script: snapshotScript()},
  ];
}

/** Scripts in the programs and units of the emulators. */
function ofEmulators(): EmbeddedScript[] {
  const units = calicoEmulator.files.flatMap(({path, text = ''}) =>
    [...text.matchAll(/\/bin\/sh -c '([^']+)'/g)].map(([, script = '']) => ({name: `emulators/calico${path}`, script})),
  );
  return [
    ...units,
    {name: 'emulators/mesos/EXECUTOR', script: EXECUTOR},
    {name: 'emulators/mesos/TERMINAL_EXECUTOR', script: TERMINAL_EXECUTOR},
  ];
}

/** Scripts that the engine makes, as a host receives them. */
async function ofEngine(): Promise<EmbeddedScript[]> {
  const host = new RecordingHost();
  await lockHost(host, 'holder').catch(() => undefined);
  await perform(host, {kind: 'download', url: 'http://example.com/x', sha256: 'a'.repeat(64), path: '/x', mode: 0o755});
  return [
    ...host.scripts.map((script, index) => ({name: `engine/${['lock', 'download'][index]}`, script})),
    {name: 'engine/facts', script: joinFacts([{script: 'true', service: 'files'}, {script: 'true'}])},
  ];
}

/** Records the scripts that it is given; each succeeds and prints nothing. */
class RecordingHost implements Host {
  readonly name = 'recorder';
  readonly scripts: string[] = [];

  async exec([, option, text = '']: readonly string[], {stdin}: ExecOptions = {}): Promise<ExecResult> {
    this.scripts.push(option === '-s' ? String(stdin) : text);
    return {code: 0, stdout: '', stderr: ''};
  }

  asRoot(): Host {
    return this;
  }

  async reconnect(): Promise<Host> {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
