import {add, NONE, scalar} from '../common/resources.js';
import {systemMetrics} from '../common/system.js';
import type {TaskState} from '../common/wire.js';
import type {Context} from './context.js';
import {MESSAGES, prefixOf} from './counters.js';
import {offeredOn, usedOn} from './offers.js';
import type {Framework} from './state.js';

const ACTIVE = ['STAGING', 'STARTING', 'RUNNING', 'KILLING'];
const TERMINAL = ['FINISHED', 'FAILED', 'KILLED', 'LOST', 'ERROR', 'DROPPED', 'GONE', 'GONE_BY_OPERATOR'];

/** Counters that are 0 before something is counted. */
const COUNTERS = [
  ...Object.values(MESSAGES).map((message) => `messages_${message}`),
  ...[
    'register_framework',
    'reregister_framework',
    'register_slave',
    'reregister_slave',
    'unregister_slave',
    'status_update',
  ].map((message) => `messages_${message}`),
  ...['valid', 'invalid'].flatMap((kind) => [`${kind}_status_updates`, `${kind}_status_update_acknowledgements`]),
  ...[
    'slave_registrations',
    'slave_reregistrations',
    'slave_removals',
    'slave_unreachable_scheduled',
    'slave_unreachable_completed',
  ],
  ...['registered', 'unhealthy', 'unregistered'].map((reason) => `slave_removals/reason_${reason}`),
];

/** Counted by upstream, but never by this master: it has nothing of what they count. */
const NEVER = [
  ...[
    'authenticate',
    'deactivate_framework',
    'executor_to_framework',
    'exited_executor',
    'operation_status_update',
    'update_slave',
  ].map((message) => `messages_${message}`),
  ...['valid', 'invalid'].flatMap((kind) =>
    ['executor_to_framework_messages', 'framework_to_executor_messages', 'operation_status_updates'].map(
      (what) => `${kind}_${what}`,
    ),
  ),
  ...['valid', 'invalid'].map((kind) => `${kind}_operation_status_update_acknowledgements`),
  ...['canceled', 'completed', 'scheduled'].map((what) => `slave_shutdowns_${what}`),
  ...['dispatches', 'http_requests', 'messages'].map((what) => `event_queue_${what}`),
  ...[
    'dropped_messages',
    'frameworks_inactive',
    'http_cache_hits',
    'recovery_slave_removals',
    'slaves_inactive',
    'slave_unreachable_canceled',
  ],
];

const CALLS = [
  ...[
    'subscribe',
    'teardown',
    'accept',
    'decline',
    'revive',
    'suppress',
    'kill',
    'shutdown',
    'acknowledge',
    'reconcile',
    'message',
    'request',
  ],
  ...[
    'accept_inverse_offers',
    'decline_inverse_offers',
    'acknowledge_operation_status',
    'reconcile_operations',
    'update_framework',
  ],
];
const EVENTS = [
  ...[
    'subscribed',
    'offers',
    'rescind',
    'update',
    'message',
    'failure',
    'error',
    'heartbeat',
    'inverse_offers',
    'rescind_inverse_offer',
  ],
  'update_operation_status',
];
const OPERATIONS = [
  ...[
    'launch',
    'launch_group',
    'reserve',
    'unreserve',
    'create',
    'destroy',
    'grow_volume',
    'shrink_volume',
    'create_disk',
    'destroy_disk',
  ],
];

/** The metrics in the /metrics/snapshot of an upstream master, by the same names, but those of its allocator, its log and operations. */
export function metrics(context: Context): Record<string, number> {
  const {state} = context;
  const frameworks = [...state.frameworks.values()];
  return {
    ...Object.fromEntries([...COUNTERS, ...NEVER].map((name) => [`master/${name}`, 0])),
    ...Object.assign({}, ...frameworks.map(frameworkMetrics)),
    ...Object.fromEntries(state.counters),
    ...clusterMetrics(context),
    ...resourceMetrics(context),
    ...taskMetrics([...frameworks, ...state.completedFrameworks]),
    ...systemMetrics(),
  };
}

function clusterMetrics(context: Context): Record<string, number> {
  const {state} = context;
  const agents = [...state.agents.values()];
  const frameworks = [...state.frameworks.values()];
  const connected = (list: readonly {readonly stream: string | undefined}[]): number =>
    list.filter(({stream}) => stream !== undefined).length;
  return {
    'master/elected': 1,
    'master/uptime_secs': context.now() - state.startedAt,
    'master/slaves_active': connected(agents),
    'master/slaves_connected': connected(agents),
    'master/slaves_disconnected': agents.length - connected(agents),
    'master/slaves_unreachable': state.unreachable.size,
    'master/frameworks_active': connected(frameworks),
    'master/frameworks_connected': connected(frameworks),
    'master/frameworks_disconnected': frameworks.length - connected(frameworks),
    'master/outstanding_offers': state.offers.size,
    'master/operator_event_stream_subscribers': state.operators.size,
  };
}

function resourceMetrics({state}: Context): Record<string, number> {
  const agents = [...state.agents.values()];
  const total = agents.reduce((sum, agent) => add(sum, agent.total), NONE);
  const used = agents.reduce((sum, agent) => add(sum, usedOn(state, agent)), NONE);
  const offered = agents.reduce((sum, agent) => add(sum, offeredOn(state, agent)), NONE);
  const result: Record<string, number> = {};
  for (const name of ['cpus', 'mem', 'disk', 'gpus']) {
    const [has, uses] = [scalar(total, name), scalar(used, name)];
    result[`master/${name}_total`] = has;
    result[`master/${name}_used`] = uses;
    result[`master/${name}_percent`] = has === 0 ? 0 : uses / has;
    for (const what of ['total', 'used', 'percent']) result[`master/${name}_revocable_${what}`] = 0;
    if (has === 0) continue;
    result[`allocator/mesos/resources/${name}/total`] = has;
    result[`allocator/mesos/resources/${name}/offered_or_allocated`] = uses + scalar(offered, name);
  }
  return result;
}

function taskMetrics(frameworks: readonly Framework[]): Record<string, number> {
  const active = frameworks.flatMap((framework) => [...framework.tasks.values()]);
  const completed = frameworks.flatMap((framework) => framework.completedTasks);
  return {
    ...Object.fromEntries(ACTIVE.map((name) => [`master/tasks_${name.toLowerCase()}`, countTasks(active, name)])),
    ...Object.fromEntries(TERMINAL.map((name) => [`master/tasks_${name.toLowerCase()}`, countTasks(completed, name)])),
    'master/tasks_unreachable': frameworks.reduce((sum, framework) => sum + framework.unreachableTasks.size, 0),
  };
}

function countTasks(tasks: readonly {readonly state: TaskState}[], name: string): number {
  return tasks.filter(({state}) => state === `TASK_${name}`).length;
}

/** What is not counted, but follows from the state; and the counters that are still 0. */
function frameworkMetrics(framework: Framework): Record<string, number> {
  const tasks = [...framework.tasks.values()];
  const counted = [
    ...['calls', 'events', 'operations', ...CALLS.map((call) => `calls/${call}`), ...EVENTS.map((event) => `events/${event}`)],
    ...[...OPERATIONS.map((operation) => `operations/${operation}`), 'offers/sent', 'offers/accepted', 'offers/declined'],
    'offers/rescinded',
  ];
  const values: Record<string, number> = {
    ...Object.fromEntries(counted.map((name) => [name, 0])),
    subscribed: Number(framework.stream !== undefined),
    ...Object.fromEntries(framework.roles.map((role) => [`roles/${role}/suppressed`, Number(framework.suppressed.has(role))])),
    ...Object.fromEntries(ACTIVE.map((name) => [`tasks/active/task_${name.toLowerCase()}`, countTasks(tasks, name)])),
    'tasks/active/task_unreachable': framework.unreachableTasks.size,
    'tasks/active/task_unknown': 0,
    ...Object.fromEntries(
      TERMINAL.map((name) => [`tasks/terminal/task_${name.toLowerCase()}`, countTasks(framework.completedTasks, name)]),
    ),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefixOf(framework)}/${name}`, value]));
}
