import type {TaskStatus} from './mesos.js';
import type {RunPhase} from './task-run.js';

/** The states that prove a live container, with the phase of its run. */
export const livePhases: Partial<Record<TaskStatus['state'], Exclude<RunPhase, 'lost' | 'intended'>>> = {
  TASK_STAGING: 'staging',
  TASK_STARTING: 'starting',
  TASK_RUNNING: 'running',
  TASK_KILLING: 'killing',
};

/** What an update proves about the container. */
export type Verdict = 'alive' | 'dead' | 'uncertain';

/**
 * What an update proves. Only an agent, or the master when it reports that a registered agent does not have the task, proves that a
 * container is dead. UNREACHABLE, UNKNOWN (from a restarted master before its agents have registered again) and LOST from the master prove
 * nothing: with upstream Mesos 1.5 agents have returned after them with the task running.
 */
export function verdictOf(status: TaskStatus): Verdict {
  if (livePhases[status.state] !== undefined) return 'alive';
  if (status.state === 'TASK_UNREACHABLE' || status.state === 'TASK_UNKNOWN') return 'uncertain';
  if (status.state === 'TASK_LOST') return status.uuid === undefined && status.source === 'SOURCE_MASTER' ? 'uncertain' : 'dead';
  return 'dead';
}

/** The end of a container as its status reports it, for people. */
export function describeStatus(status: TaskStatus): string {
  const descriptions: Partial<Record<TaskStatus['state'], string>> = {
    TASK_FINISHED: 'it exited by itself',
    TASK_FAILED: 'it failed',
    TASK_KILLED:
      status.healthy === false ? 'its health check failed and the agent killed it' : 'it was killed from outside of hw5',
    TASK_ERROR: 'Mesos rejected it',
    TASK_DROPPED: 'the launch did not reach the agent',
    TASK_GONE: 'the agent does not have it',
    TASK_GONE_BY_OPERATOR: 'an operator marked its agent as gone',
    TASK_LOST: 'the agent lost it',
  };
  // Messages of Docker may have several lines.
  const message = status.message?.replaceAll(/\s+/g, ' ').trim();
  return `${descriptions[status.state] ?? status.state}${message === undefined || message === '' ? '' : ` (${message})`}`;
}
