import {
  type Cluster,
  type ClusterNode,
  etcdEndpoints,
  masterAddress,
  nodesWith,
  type TaskSettings,
} from '../../cluster/cluster.js';
import {notebookOf} from '../../cluster/notebook.js';
import {type Action, ensureFile, ensureRunning, ensureSecret, ensureUpload, systemctl} from '../../engine/action.js';
import {fileHash, secretFile, textFile, unit} from '../../engine/facts.js';
import type {Inputs} from '../../engine/inputs.js';
import {everywhere} from '../../engine/step.js';
import type {SchedulerConfigurationInput} from '../../scheduler-api/configuration.js';
import {SCHEDULER_STATE_COMMAND, SOCKET} from '../../scheduler-api/endpoints.js';
import type {TaskSpecInput} from '../../scheduler-api/task.js';
import {API_VERSION} from '../../scheduler-api/version.js';
import {sha256} from '../../support/sha256.js';
import {render} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {ETCD_UNIT} from '../etcd/component.js';
import {unitHealth} from '../health.js';
import {ETC, PROGRAMS, unitPath} from '../places.js';
import {CONTAINERS} from '../secrets/component.js';

const UNIT = 'hw5-scheduler.service';
const PROGRAM = `${PROGRAMS}/hw5-scheduler`;
const CONFIG = `${ETC}/framework.json`;
const SECRET = `${ETC}/mesos-secret`;

/** One task as the scheduler's configuration names it. */
function taskConfig(task: TaskSettings, cluster: Cluster, inputs: Inputs): TaskSpecInput {
  const built = inputs.images.specs.find((spec) => spec.name === `docker-${task.image}`);
  return {
    name: task.name,
    image: built?.tag ?? task.image,
    network: cluster.network.name,
    address: task.address,
    cpus: task.cpus,
    mem: task.mem,
    command: task.command,
    arguments: [...task.arguments],
    env: {},
    hostname: task.name,
    volumes: built ? [{host: `${CONTAINERS}/${task.image}`, container: '/run/hw5', mode: 'ro'}] : [],
    healthCheck: task.healthCheck,
    constraints: task.constraints,
  };
}

/** The configuration of the scheduler that runs on the node. */
export function frameworkConfig(node: ClusterNode, cluster: Cluster, inputs: Inputs): string {
  const config: SchedulerConfigurationInput = {
    apiVersion: API_VERSION,
    node: node.name,
    master: masterAddress(cluster),
    name: cluster.framework.name,
    user: 'root',
    role: cluster.framework.role,
    failoverTimeoutSeconds: cluster.framework.failoverTimeoutSeconds,
    etcd: [...etcdEndpoints(cluster)],
    clusterToken: cluster.etcd.token,
    listen: SOCKET,
    ...(cluster.mesos.principal ? {principal: cluster.mesos.principal, secretFile: SECRET} : {}),
    agents: nodesWith(cluster, 'agent').map(({name, address}) => ({name, address})),
    tasks: cluster.framework.tasks.map((task) => taskConfig(task, cluster, inputs)),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** The scheduler's program and configuration. Its undo ends the framework, once, when no scheduler runs any more. */
export const scheduler = defineComponent({
  name: 'scheduler',
  title: "the framework's program",
  // backwards: the network and the secrets stay until the framework and its tasks have ended
  needs: ['packages', everywhere('etcd'), everywhere('mesos-agent'), everywhere('network'), everywhere('secrets')],
  targets: (cluster) => nodesWith(cluster, 'framework'),
  undoTargets: (cluster) => cluster.nodes,
  // the unit is the `framework` step's; status and logs name what runs in it
  units: [UNIT],
  health: () => unitHealth(UNIT, 'echo runs', 'does not answer'),
  logs: {aliases: ['framework']},
  facts: () => ({program: fileHash(PROGRAM), config: textFile(CONFIG), secret: secretFile(SECRET)}),
  plan(observed, {node, cluster, inputs}) {
    return [
      ...ensureUpload(PROGRAM, inputs.programs['hw5-scheduler']!, observed.program),
      ...(inputs.mesosSecret ? ensureSecret(SECRET, inputs.mesosSecret, observed.secret) : []),
      ...ensureFile(CONFIG, frameworkConfig(node, cluster, inputs), observed.config, 0o600),
    ];
  },
  undo(observed, {node, cluster, allObserved, isRetired}) {
    if (!observed.config && observed.program === undefined) return [];
    // whichever node comes first that can: the first of the file may be dead, or new
    const first = [...allObserved].find(([, one]) => one.config && one.program !== undefined)?.[0];
    const command = `${PROGRAM} --config ${CONFIG} --teardown`;
    // our own master forgets the framework with its data, and the agents end its containers; somebody else's would keep both
    const isOurs = cluster.mesos.source.kind !== 'external';
    const teardown: Action = {
      kind: 'script',
      title: 'end the framework and its tasks',
      script: isOurs ? `timeout 60 ${command} || true` : command,
      timeoutMs: 120_000,
      hint: `does the master ${masterAddress(cluster)} answer, and etcd?`,
    };
    return [
      ...(node.name === first && !isRetired ? [teardown] : []),
      {kind: 'remove', path: CONFIG},
      {kind: 'remove', path: SECRET},
      {kind: 'remove', path: PROGRAM},
    ];
  },
});

/** The framework itself: keeps the tasks running at their addresses. */
export const framework = defineComponent({
  name: 'framework',
  title: 'the framework and its tasks',
  needs: [everywhere('scheduler'), everywhere('images'), everywhere('build'), everywhere('proxy')],
  targets: (cluster) => nodesWith(cluster, 'framework'),
  undoTargets: (cluster) => cluster.nodes,
  facts: () => ({
    unit: textFile(unitPath(UNIT)),
    service: unit(UNIT),
    etcd: unit(ETCD_UNIT),
  }),
  plan(observed, {node, cluster, inputs}) {
    // the unit names what it runs, so that a new program or configuration restarts it
    const content = sha256(inputs.programs['hw5-scheduler']!.sha256, frameworkConfig(node, cluster, inputs));
    const text = render('framework/hw5-scheduler.service', {cluster: cluster.name, program: PROGRAM, config: CONFIG, content});
    const written = ensureFile(unitPath(UNIT), text, observed.unit);
    return [...written, ...ensureRunning(UNIT, observed.service, written)];
  },
  ready({node, cluster, unreachable}) {
    const hint = 'see `hw5 status`, and `journalctl -u hw5-scheduler` on the node of the framework';
    // all schedulers say the same of the tasks: one is asked, of the others it is enough that they answer
    const first = nodesWith(cluster, 'framework').find(({name}) => !unreachable.has(name));
    const isFirst = node.name === first?.name;
    const tasks = isFirst ? readyScript(cluster) : `${SCHEDULER_STATE_COMMAND} >/dev/null`;
    return {
      reason: isFirst
        ? `${cluster.framework.tasks.length} tasks to run and be healthy`
        : 'the scheduler and the notebook to answer',
      // longer than the 300 s in which a machine that comes back may bring its tasks along; and a change rolls through the tasks one after the other
      limitSeconds: 360 + 20 * cluster.framework.tasks.length,
      script: `${tasks} || exit 1\n${notebookAnswers(node, cluster)}`,
      hint,
    };
  },
  undo: (observed, {isRetired}) => [
    // on a machine that comes back when the others are taken down already, etcd waits for them, and dockerd for it: nothing could be removed
    // one that is just booting gets its time
    ...(observed.etcd.activeState === 'activating' && !isRetired
      ? [
          {
            kind: 'script',
            title: 'stop an etcd that waits for members which are gone',
            script: `for _ in $(seq 30); do systemctl -q is-active ${ETCD_UNIT} && exit 0; sleep 1; done; systemctl stop ${ETCD_UNIT}`,
            timeoutMs: 120_000,
          } as const,
        ]
      : []),
    ...(observed.unit
      ? [
          systemctl('disable', UNIT),
          systemctl('stop', UNIT),
          {kind: 'remove', path: unitPath(UNIT)} as const,
          systemctl('daemon-reload'),
        ]
      : []),
  ],
});

/** The notebook answers through this node's proxy: routes, rules and all. */
function notebookAnswers(node: ClusterNode, cluster: Cluster): string {
  if (!node.roles.includes('proxy') || !notebookOf(cluster)) return 'true';
  const url = `http://${node.address}:${cluster.proxy.port}/login`;
  return `curl -sf -m 5 -o /dev/null ${url} || { echo the notebook does not answer through ${node.name}; exit 1; }`;
}

/** All tasks run, are healthy, and are as the configuration wants them. */
function readyScript(cluster: Cluster): string {
  const names = cluster.framework.tasks.map((task) => task.name);
  return `${SCHEDULER_STATE_COMMAND} | node -e '
const {framework, tasks} = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (!framework.isCurrent) { console.log("the leading scheduler does not know the new task list yet"); process.exit(1); }
const waits = ${JSON.stringify(names)}.flatMap((name) => {
  const task = tasks.find((one) => one.name === name);
  if (!task) return [name + " is unknown to the scheduler"];
  if (task.isOutdated) return [name + " is to be replaced by its new description"];
  return task.state === "running" && task.message === "" ? [] : [name + ": " + task.state + (task.message ? " (" + task.message + ")" : "")];
});
if (waits.length > 0) { console.log(waits.join("; ")); process.exit(1); }'`;
}
