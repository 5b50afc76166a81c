import * as z from 'zod';
import {API_VERSION, ContractError, declaredVersion, describeIssues} from './version.js';

/** One task of GET /v1/state. */
export const taskReport = z.object({
  name: z.string(),
  taskId: z.string().nullable(),
  state: z.enum(['pending', 'staging', 'starting', 'running', 'unhealthy', 'killing', 'unreachable', 'failed']),
  /** Null when it has no health check, none has finished yet, or its state is not confirmed. */
  healthy: z.boolean().nullable(),
  /**
   * False: the state is the last known one, because the scheduler has no subscription at a Mesos master, or the master has not confirmed it
   * since (it knows nothing of an agent that has not registered again). Schedulers of earlier releases do not report it.
   */
  isConfirmed: z.boolean().default(true),
  node: z.string().nullable(),
  agentId: z.string().nullable(),
  address: z.string(),
  /** Empty for a task that is no longer desired. */
  image: z.string(),
  restarts: z.number().int(),
  containerId: z.string().nullable(),
  /** Why it is in this state; empty when it is healthy. */
  message: z.string(),
  /** RFC 3339: the time since which it is in this state. */
  since: z.string(),
  /** How often it has failed in a row for the same reason; null when its last run did not. Earlier releases do not report it. */
  failing: z.object({times: z.number().int(), reason: z.string()}).nullable().default(null),
  flapping: z.boolean(),
  /** It runs with an earlier description and will be replaced. */
  isOutdated: z.boolean(),
});

/** GET /v1/state. */
export const schedulerState = z.object({
  apiVersion: z.literal(API_VERSION),
  framework: z.object({
    id: z.string().nullable(),
    /** The leader is subscribed at a Mesos master. */
    connected: z.boolean(),
    /** Why it is not connected; empty when it is. */
    connection: z.string(),
    /** The node whose instance leads. */
    leader: z.string().nullable(),
    /** The instance that answered leads. */
    isLeader: z.boolean(),
    /** The Mesos master of the subscription, as host:port. */
    master: z.string().nullable(),
    /** The leader's desired tasks are those in the configuration of the instance that answered. */
    isCurrent: z.boolean(),
  }),
  tasks: z.array(taskReport),
});

export type TaskReport = z.infer<typeof taskReport>;
export type SchedulerState = z.infer<typeof schedulerState>;

/** It runs, its health check (if any) passes, and the framework has nothing to report about it. */
export function isTaskHealthy(task: {
  readonly state: string;
  readonly healthy: boolean | null;
  readonly message: string;
  readonly isConfirmed: boolean;
}): boolean {
  return task.state === 'running' && task.isConfirmed && task.healthy !== false && task.message === '';
}

/** A task whose state is only the last known one. @param reason why it is not confirmed */
export function lastKnown(task: TaskReport, reason: string): TaskReport {
  return {...task, healthy: null, isConfirmed: false, message: task.message === '' ? reason : `${task.message}; ${reason}`};
}

/** The state as an instance that does not lead reports it: its leader may have failed since it published the state. */
function secondHand(state: SchedulerState): SchedulerState {
  const {leader} = state.framework;
  const reason = `last known state: ${leader === null ? 'no scheduler leads' : `the leading scheduler, on ${leader}, does not answer`}`;
  return {...state, tasks: state.tasks.map((task) => (task.isConfirmed ? lastKnown(task, reason) : task))};
}

/**
 * Reads the answer to GET /v1/state. The tasks of an instance that does not lead are not confirmed: only the leader's are current.
 * @throws {ContractError} whose `mismatch` distinguishes an older or newer scheduler from a broken answer
 */
export function readState(document: unknown): SchedulerState {
  const version = declaredVersion(document);
  if (version !== undefined && version !== API_VERSION) {
    const message = `this scheduler speaks version ${version} of its API, and this hw5 version ${API_VERSION}`;
    throw version < API_VERSION
      ? new ContractError('older', message, '`hw5 up` installs the new scheduler')
      : new ContractError('newer', message, 'use the version of hw5 that installed it, or a newer one');
  }
  const result = schedulerState.safeParse(document);
  if (result.success) return result.data.framework.isLeader ? result.data : secondHand(result.data);
  throw new ContractError(
    'malformed',
    `its answer is not understood: ${describeIssues(result.error)}`,
    '`hw5 logs scheduler` shows its log; `hw5 up` installs the scheduler of this hw5',
  );
}
