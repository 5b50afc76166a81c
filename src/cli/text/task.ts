import chalk from 'chalk';
import {isTaskHealthy, type SchedulerState, type TaskReport} from '../../scheduler-api/state.js';
import type {Explanation} from '../../tasks/explain.js';
import {columns} from './columns.js';

/** `hw5 task list` for people: a table, and behind what is not well why. */
export function taskListText(state: SchedulerState, now: number): string {
  const rows = state.tasks.map((task) => [
    task.name,
    stateWords(task),
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

function stateWords(task: TaskReport): string {
  if (task.healthy === true) return `${task.state}, healthy`;
  return task.healthy === false && task.state !== 'unhealthy' ? `${task.state}, unhealthy` : task.state;
}

/** `hw5 why` for people. */
export function explanationText(explanation: Explanation): string {
  const {name, task, why, findings, lastEnd} = explanation;
  const state = task ? stateWords(task) : 'unknown';
  const lines = [`${chalk.bold(name)} is ${explanation.isWell ? chalk.green(state) : chalk.yellow(state)}`];
  lines.push(...why.map((line) => `  ${line}`));
  if (findings.length > 0) lines.push('', 'on the nodes:', ...findings.map((line) => `  ${line}`));
  if (lastEnd) {
    const how = lastEnd.wasKilledForMemory
      ? 'was killed because it used up its memory'
      : `ended with exit code ${lastEnd.exitCode}`;
    lines.push('', `its last container, on ${lastEnd.node}, ${how}${lastEnd.lines.length > 0 ? '; its last words:' : ''}`);
    lines.push(...lastEnd.lines.map((line) => `  ${chalk.dim(line)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** How long ago, with the largest unit. */
function age(since: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
