import {masterAddress, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, ensureSecret, ensureUpload} from '../../engine/action.js';
import {fileHash, secretFile, textFile, unit} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {SCHEDULER_STATE_COMMAND} from '../../scheduler-api/endpoints.js';
import {sha256} from '../../support/sha256.js';
import {defineComponent} from '../component.js';
import {ETCD_UNIT} from '../etcd/unit.js';
import {unitHealth} from '../health.js';
import {ETC, PROGRAMS, unitPath} from '../places.js';
import {removeUnit} from '../remove-unit.js';
import {renderUnit} from '../unit-file.js';
import {frameworkConfig, SECRET} from './configuration.js';
import {notebookAnswers, SCHEDULER_ANSWERS, tasksAreReady} from './readiness.js';

const UNIT = 'hw5-scheduler.service';
const PROGRAM = `${PROGRAMS}/hw5-scheduler`;
const CONFIG = `${ETC}/framework.json`;

/** The scheduler's program and configuration. Its undo removes the framework once, after all schedulers have stopped. */
export const scheduler = defineComponent({
  name: 'scheduler',
  title: "the framework's program",
  // in the order of undo: the network and the secrets stay until the framework and its tasks are removed
  needs: ['packages', everywhere('etcd'), everywhere('mesos-agent'), everywhere('network-proof'), everywhere('secrets')],
  targets: (cluster) => nodesWith(cluster, 'framework'),
  undoTargets: (cluster) => cluster.nodes,
  // the `framework` step manages this unit; status and logs use the name of the program in it
  units: [UNIT],
  packages: () => ['nodejs'],
  programs: ['hw5-scheduler'],
  health: () => unitHealth(UNIT, `${SCHEDULER_STATE_COMMAND} -m 5 -o /dev/null && echo answers`, 'does not answer within 5 s'),
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
    // the first node with a program and a configuration: the first one of the cluster file may be unreachable, or new
    const first = [...allObserved].find(([, one]) => one.config && one.program !== undefined)?.[0];
    const command = `${PROGRAM} --config ${CONFIG} --teardown`;
    // a managed master loses the framework together with its data, and the agents end its containers; a foreign one would keep both
    const isManaged = cluster.mesos.source.kind !== 'external';
    const teardown: Action = {
      kind: 'script',
      title: 'end the framework and its tasks',
      script: isManaged ? `timeout 60 ${command} || true` : command,
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

/** The framework: the running scheduler, which keeps the tasks running at their addresses. */
export const framework = defineComponent({
  name: 'framework',
  title: 'the framework and its tasks',
  needs: [everywhere('scheduler'), everywhere('images'), everywhere('build'), everywhere('proxy')],
  targets: (cluster) => nodesWith(cluster, 'framework'),
  undoTargets: (cluster) => cluster.nodes,
  units: [UNIT],
  facts: () => ({
    unit: textFile(unitPath(UNIT)),
    service: unit(UNIT),
    etcd: unit(ETCD_UNIT),
  }),
  plan(observed, {node, cluster, inputs}) {
    // the unit file contains the hash of what it runs, so that a new program or configuration restarts it
    const content = sha256(inputs.programs['hw5-scheduler']!.sha256, frameworkConfig(node, cluster, inputs));
    const text = renderUnit('framework/hw5-scheduler.service', {
      cluster: cluster.name,
      program: PROGRAM,
      config: CONFIG,
      content,
    });
    const written = ensureFile(unitPath(UNIT), text, observed.unit);
    return [...written, ...ensureRunning(UNIT, observed.service, written)];
  },
  ready({node, cluster, unreachable}) {
    const hint = 'see `hw5 status` and `hw5 why TASK`, and `journalctl -u hw5-scheduler` on the node of the framework';
    // all schedulers report the same tasks, so the first one is checked for them, and the others only for an answer
    const first = nodesWith(cluster, 'framework').find(({name}) => !unreachable.has(name));
    const isFirst = node.name === first?.name;
    const tasks = isFirst ? tasksAreReady(cluster) : SCHEDULER_ANSWERS;
    return {
      reason: isFirst
        ? `${cluster.framework.tasks.length} tasks to run and be healthy`
        : 'the scheduler and the notebook to answer',
      // more than the 300 s for which the address of a lost task stays reserved, plus the time to replace the tasks one after the other
      limitSeconds: 360 + 20 * cluster.framework.tasks.length,
      script: `${tasks}\n${notebookAnswers(node, cluster)}`,
      hint,
    };
  },
  undo: (observed, {isRetired}) => [
    // On a machine that boots after the others were taken down, etcd waits for them and dockerd waits for etcd, so nothing could be removed.
    // An etcd that is still starting gets 30 s.
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
    ...(observed.unit ? removeUnit(UNIT) : []),
  ],
});
