import type {StepOutcome} from '../../engine/events.js';
import {chalkStderr as chalk} from './colours.js';

const SIGNS: Readonly<Record<StepOutcome, () => string>> = {
  changed: () => chalk.green('✓'),
  unchanged: () => chalk.dim('·'),
  failed: () => chalk.red('✗'),
  blocked: () => chalk.yellow('-'),
  interrupted: () => chalk.yellow('!'),
};

/** The symbol at the start of a line. */
export function sign(outcome: StepOutcome): string {
  return SIGNS[outcome]();
}

/** Time for people: `340 ms`, `4.2 s`, `1 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The last line of a run's output. */
export function summary(event: {
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly blocked: number;
  readonly elapsedMs: number;
}): string {
  const parts = [
    `${event.changed} changed`,
    `${event.unchanged} unchanged`,
    ...(event.failed > 0 ? [chalk.red(`${event.failed} failed`)] : []),
    ...(event.blocked > 0 ? [chalk.yellow(`${event.blocked} not started`)] : []),
  ];
  return `${parts.join(', ')} ${chalk.dim(`in ${duration(event.elapsedMs)}`)}`;
}
