import type {SchedulerState, TaskReport} from '../../../src/scheduler-api/state.js';
import {FakeHost, type FakeReply} from '../../support/fake-host.js';
import {clusterOf} from '../components/situation.js';

/** The state of a scheduler with five healthy tasks. */
export function scheduler(
  framework: Partial<SchedulerState['framework']> = {},
  changes: Record<string, Partial<TaskReport>> = {},
): SchedulerState {
  return {
    apiVersion: 1,
    framework: {
      id: 'F-1',
      connected: true,
      connection: '',
      leader: 'node0',
      isLeader: false,
      master: '198.18.0.10:5050',
      isCurrent: true,
      ...framework,
    },
    tasks: clusterOf().framework.tasks.map((task, index) => ({
      name: task.name,
      taskId: `${task.name}.1`,
      state: 'running' as const,
      healthy: true,
      isConfirmed: true,
      node: `node${index % 3}`,
      agentId: `S${index % 3}`,
      address: task.address,
      image: `docker-${task.image}:0123456789ab`,
      restarts: 0,
      containerId: `container-of-${task.name}`,
      message: '',
      since: '2026-01-01T00:00:00Z',
      failing: null,
      flapping: false,
      isOutdated: false,
      ...changes[task.name],
    })),
  };
}

/** The output of curl. */
export function answer(status: number, body: unknown): FakeReply {
  return `${JSON.stringify(body)}\n\n${status}`;
}

/** A node whose scheduler answers. */
export function instance(
  name: string,
  framework: Partial<SchedulerState['framework']> = {},
  changes: Record<string, Partial<TaskReport>> = {},
): FakeHost {
  return new FakeHost(name).on(/^curl .*\/v1\/state$/, answer(200, scheduler(framework, changes)));
}

/** A node whose scheduler does not run. */
export const STOPPED = (name: string): FakeHost =>
  new FakeHost(name).on(/^curl /, {code: 7, stdout: '\n000', stderr: "curl: (7) Couldn't connect to server"});
