import type {ClusterStatus} from '../../src/status/status.js';
import {onLab} from './lab.js';

/** `hw5 status` on the lab's cluster. @param expected its exit code */
export async function status(expected: number): Promise<ClusterStatus> {
  const result = await onLab(['status', '--json'], expected);
  return JSON.parse(result.stdout as string) as ClusterStatus;
}

/** How many steps a run changed, from its JSON events. */
export async function changesOf(command: 'up' | 'down'): Promise<{changed: number; steps: string[]}> {
  const result = await onLab([command, '--json']);
  const events = (result.stdout as string)
    .split('\n')
    .map((line) => JSON.parse(line) as {type: string; changed: number; outcome: string; step: string; host: string});
  return {
    changed: events.find((event) => event.type === 'end')!.changed,
    steps: events
      .filter((event) => event.type === 'step-end' && event.outcome === 'changed')
      .map((event) => `${event.step}@${event.host}`),
  };
}
