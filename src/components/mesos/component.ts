import {type Cluster, type ClusterNode, isOnContainerNetwork, masterAddress, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, systemctl} from '../../engine/action.js';
import {exists, FILES, output, succeeds, textFile, unit} from '../../engine/facts.js';
import {everywhere, type FailedCheck} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {render} from '../../support/template.js';
import {type Component, defineComponent} from '../component.js';
import {askDockerd, toldByDocker} from '../docker/dockerd.js';
import {unitHealth} from '../health.js';
import {notingPull} from '../images/pulled.js';
import {DATA, unitPath} from '../places.js';

/** Either program of Mesos: what its unit runs, from the host's PATH or out of a container image. */
interface Program {
  readonly name: 'mesos-master' | 'mesos-agent';
  readonly port: (cluster: Cluster) => number;
  readonly unitText: (node: ClusterNode, cluster: Cluster, command: string, options: string) => string;
  readonly hint: string;
}

/** With an external master hw5 runs neither. */
const hosts = (role: 'master' | 'agent') => (cluster: Cluster) =>
  cluster.mesos.source.kind === 'external' ? [] : nodesWith(cluster, role);

const AGENT_RUNTIME = '/run/hw5-mesos-agent';
const workDir = (program: Program): string => `${DATA}/${program.name}`;
/** What it leaves. Only the agent has the second one, which its tasks need while it restarts. */
const foldersOf = (program: Program): readonly string[] =>
  program.name === 'mesos-agent' ? [workDir(program), AGENT_RUNTIME] : [workDir(program)];
const unitName = (program: Program): string => `hw5-${program.name}.service`;

/**
 * The lines that differ by where the binaries are. The agent in a container reaches the host's dockerd, processes and network as if it were
 * outside, with the docker client of its image; its executors get containers of their own, as they must outlive its. The master needs nothing
 * but the network and its data. An image may have an entry point of its own, to which our program would be an argument.
 */
function commandOf(
  program: Program,
  cluster: Cluster,
  path: string | undefined,
): {readonly prepare: string; readonly command: string; readonly options: string} {
  const {source} = cluster.mesos;
  if (source.kind !== 'image') return {prepare: '', command: path ?? `/usr/bin/env ${program.name}`, options: ''};
  const name = `hw5-${program.name}`;
  const isAgent = program.name === 'mesos-agent';
  const outside = isAgent ? [AGENT_RUNTIME, '/var/run/docker.sock', '/sys/fs/cgroup'] : [];
  const mounts = [workDir(program), ...outside].map((dir) => ` -v ${dir}:${dir}`).join('');
  const rights = isAgent ? ' --pid=host --privileged' : '';
  return {
    prepare: `ExecStartPre=-/usr/bin/docker rm -f ${name}\n`,
    command: `/usr/bin/docker run --rm --name ${name} --net=host${rights}${mounts} --entrypoint ${program.name} ${source.image}`,
    options: isAgent ? ` --docker_mesos_image=${source.image}` : '',
  };
}

function mesosStep(program: Program, role: 'master' | 'agent', needs: Component['needs']): Component {
  return defineComponent({
    name: program.name,
    title: role === 'master' ? 'Mesos master' : 'Mesos agents',
    needs,
    targets: hosts(role),
    undoTargets: (cluster) => cluster.nodes,
    units: [unitName(program)],
    ports: (cluster, {address}) => [
      {
        port: program.port(cluster),
        protocol: 'tcp',
        purpose: role === 'master' ? 'the Mesos master' : 'the Mesos agent',
        access: 'nodes',
        bind: [address],
        processes: [program.name],
      },
    ],
    health: (cluster, {address}) =>
      unitHealth(
        unitName(program),
        `curl -sf -m 5 http://${address}:${program.port(cluster)}/health && echo answers`,
        'does not answer',
      ),
    logs: {notRun: externalMesos},
    facts: ({cluster}) => ({
      unit: textFile(unitPath(unitName(program))),
      service: unit(unitName(program)),
      path: {...output(`command -v ${program.name}`), service: FILES},
      data: exists(workDir(program)),
      /** True where none is needed. */
      hasImage: toldByDocker(
        succeeds(imageOf(cluster) === undefined ? ':' : `${askDockerd(`/images/${imageOf(cluster)}/json`)} >/dev/null`),
      ),
    }),
    check(observed, {cluster}): readonly FailedCheck[] {
      if (cluster.mesos.source.kind !== 'host' || observed.path) return [];
      return [{message: `${program.name} is not on the host's PATH`, hint: program.hint}];
    },
    plan(observed, {node, cluster}) {
      const {prepare, command, options} = commandOf(program, cluster, observed.path);
      const text = program.unitText(node, cluster, command, options).replace('PREPARE\n', prepare);
      const written = ensureFile(unitPath(unitName(program)), text, observed.unit);
      const image = imageOf(cluster);
      const pull = image === undefined || observed.hasImage ? [] : [pullOf(image)];
      // the agent exits with "Incompatible agent info detected" while it remembers itself as another; its tasks end with its old self
      const isOther = role === 'agent' && observed.data && observed.unit && agentInfo(observed.unit.content) !== agentInfo(text);
      const forget: Action[] = isOther
        ? [systemctl('stop', unitName(program)), removeContainers, {kind: 'remove', path: LATEST}]
        : [];
      return [...pull, ...forget, ...written, ...ensureRunning(unitName(program), observed.service, written)];
    },
    ready: ({node, cluster}) => ({
      reason: `${program.name} to answer`,
      limitSeconds: 60,
      script: `curl -sf -m 5 -o /dev/null http://${node.address}:${program.port(cluster)}/version || { echo no answer on port ${program.port(cluster)}; exit 1; }`,
      hint: `see \`journalctl -u ${unitName(program)}\`${role === 'agent' ? RESIZED : ''}`,
    }),
    undo(observed) {
      const actions: Action[] = [];
      if (observed.unit) {
        actions.push(systemctl('disable', unitName(program)), systemctl('stop', unitName(program)));
        if (role === 'agent') actions.push(removeContainers);
        actions.push({kind: 'remove', path: unitPath(unitName(program))}, systemctl('daemon-reload'));
      }
      // without its tasks the data of a torn-down framework says nothing any more, and an old agent id would only confuse the next master
      if (observed.data) actions.push(...foldersOf(program).map((path) => ({kind: 'remove', path}) as const));
      return actions;
    },
  });
}

/** Why there is no log of a Mesos that hw5 does not run. */
function externalMesos({name, mesos: {source}}: Cluster): {message: string; hint: string} | undefined {
  if (source.kind !== 'external') return undefined;
  return {message: `hw5 does not run Mesos for ${name}`, hint: `it registers at ${source.master}: look there`};
}

/** The image that Mesos runs out of, if it does. */
function imageOf({mesos}: Cluster): string | undefined {
  return mesos.source.kind === 'image' ? mesos.source.image : undefined;
}

function pullOf(image: string): Action {
  return {
    kind: 'script',
    title: `pull the image of Mesos: docker pull -q ${image}`,
    script: notingPull(image, `docker pull -q ${quote(image)}`),
    timeoutMs: 20 * 60_000,
    hint: 'can the node reach the registry? `docker load` on it will do as well',
  };
}

/** What an agent remembers of itself. */
const LATEST = `${DATA}/mesos-agent/meta/slaves/latest`;
/** That cannot be observed in the unit. */
const RESIZED = `; if it says "Incompatible agent info detected", the machine's size has changed: \`rm -f ${LATEST}\` on the node, which ends its tasks`;

/** What an agent may not change while it remembers itself, as its unit says it. */
function agentInfo(unitText: string): string {
  return [...unitText.matchAll(/ --(?:ip|hostname|port|resources)=(?:'[^']*'|\S+)/g)].map(([option]) => option).join('');
}

/** dockerd brings the image, where the node's docker is hw5's business; elsewhere it runs once its package is there. */
const withDocker: Component['needs'] = (node, cluster) =>
  imageOf(cluster) !== undefined && isOnContainerNetwork(node) ? ['packages', 'docker'] : ['packages'];

/** Containers that Mesos started and that a TEARDOWN did not reach. */
const removeContainers: Action = {
  kind: 'script',
  title: "remove the tasks' containers",
  script: `command -v docker >/dev/null || exit 0
ids=$(docker ps -aq --filter name='^/mesos-') || exit 1
printf %s "$ids" | xargs -r docker rm -f`,
  timeoutMs: 120_000,
  hint: 'dockerd has to run there for this: `systemctl restart docker`, then the same command again',
};

const install =
  'install it (as the report did), or set mesos.source.image to a container image that holds it, or mesos.source.master to a master that runs already';

export const mesosMaster = mesosStep(
  {
    name: 'mesos-master',
    port: (cluster) => cluster.mesos.masterPort,
    hint: install,
    unitText: (node, cluster, command) =>
      render('mesos/hw5-mesos-master.service', {
        cluster: cluster.name,
        address: node.address,
        port: cluster.mesos.masterPort,
        workDir: `${DATA}/mesos-master`,
        prepare: 'PREPARE',
        command,
      }),
  },
  'master',
  withDocker,
);

export const mesosAgent = mesosStep(
  {
    name: 'mesos-agent',
    port: (cluster) => cluster.mesos.agentPort,
    hint: install,
    unitText: (node, cluster, command, options) =>
      render('mesos/hw5-mesos-agent.service', {
        cluster: cluster.name,
        name: node.name,
        address: node.address,
        port: cluster.mesos.agentPort,
        master: masterAddress(cluster),
        workDir: `${DATA}/mesos-agent`,
        runtimeDir: AGENT_RUNTIME,
        prepare: 'PREPARE',
        command,
        options: `${cluster.mesos.resources ? ` --resources=${quote(cluster.mesos.resources)}` : ''}${options}`,
      }),
  },
  'agent',
  ['docker', everywhere('mesos-master')],
);
