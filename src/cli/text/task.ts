import {isTaskHealthy, type SchedulerState, type TaskReport} from '../../scheduler-api/state.js';
import type {Explanation} from '../../tasks/explain.js';
import {chalk} from '../reporter/colours.js';
import {columns} from './columns.js';

/** The output of `hw5 task list` for people: a table, with the reason after each task that is not healthy. */
export function taskListText(state: SchedulerState, now: number): string {
  const rows = state.tasks.map((task) => [
    task.name,
    stateLabel(task),
    task.node ?? '-',
    task.address,
    age(task.since, now),
    String(task.restarts),
    task.image,
  ]);
  const [head, ...body] = columns([['TASK', 'STATE', 'NODE', 'ADDRESS', 'SINCE', 'RESTARTS', 'IMAGE'], ...rows]);
  return `${[
    chalk.dim(head),
    ...body.map((line, index) => {
      const task = state.tasks[index]!;
      return isTaskHealthy(task) ? line : `${chalk.yellow(line)}  ${task.message}`;
    }),
  ].join('\n')}\n`;
}

function stateLabel(task: TaskReport): string {
  if (!task.isConfirmed) return `${task.state}, not confirmed`;
  if (task.healthy === true) return `${task.state}, healthy`;
  return task.healthy === false && task.state !== 'unhealthy' ? `${task.state}, unhealthy` : task.state;
}

/** The output of `hw5 why` for people. */
export function explanationText(explanation: Explanation): string {
  const {name, task, why, findings, lastEnd} = explanation;
  const state = task ? stateLabel(task) : 'unknown';
  const lines = [`${chalk.bold(name)} is ${explanation.isWell ? chalk.green(state) : chalk.yellow(state)}`];
  lines.push(...why.map((line) => `  ${line}`));
  if (findings.length > 0) lines.push('', 'on the nodes:', ...findings.map((line) => `  ${line}`));
  if (lastEnd) {
    const how = lastEnd.wasKilledForMemory
      ? 'was killed because it exceeded its memory'
      : lastEnd.startError !== undefined
        ? `could not be started: ${lastEnd.startError}`
        : `ended with exit code ${lastEnd.exitCode}`;
    lines.push('', `its last container, on ${lastEnd.node}, ${how}${lastEnd.lines.length > 0 ? '; its last output:' : ''}`);
    lines.push(...lastEnd.lines.map((line) => `  ${chalk.dim(line)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** The time since then, in its largest unit. */
function age(since: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
