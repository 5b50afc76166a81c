import type {Emit} from '../../engine/events.js';
import {chalkStderr as chalk} from './colours.js';
import {duration, sign, summary} from './words.js';

/** After this time without a line, a line reports what is still running. */
const QUIET_MS = 10_000;

/** One line per event; with `isVerbose` also one per action. For logs and pipes. */
export function plainReporter(out: NodeJS.WritableStream, isVerbose: boolean, quietMs = QUIET_MS): Emit {
  const begun = performance.now();
  /** By name, the steps that are running, with what each of their hosts waits for, which may be nothing. */
  const running = new Map<string, {readonly title: string; readonly waits: Map<string, string>}>();
  let waiting: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const line = (text: string): void => {
    out.write(`${text}\n`);
    timer?.refresh();
  };
  const reportRunning = (): void => {
    const steps = [...running.values()]
      .filter(({waits}) => waits.size > 0)
      .map(({title, waits}) => {
        const reasons = [...new Set(waits.values())].filter(Boolean);
        return `${title} (${[...waits.keys()].join(', ')})${reasons.length > 0 ? `, waiting for ${reasons.join(', and for ')}` : ''}`;
      });
    const idle = waiting === undefined ? 'observing the hosts' : `waiting for ${waiting}`;
    line(chalk.dim(`  after ${duration(performance.now() - begun)}: ${steps.join(', ') || idle}`));
  };
  const startTimer = (): void => {
    clearTimeout(timer);
    timer = setTimeout(reportRunning, quietMs);
    timer.unref();
  };
  return (event) => {
    switch (event.type) {
      case 'start':
        startTimer();
        break;
      case 'asking':
        clearTimeout(timer);
        break;
      case 'answered':
        // refresh() has no effect on a timer that was cleared
        if (timer) startTimer();
        break;
      case 'connected':
        if (isVerbose) line(chalk.dim(`  ${event.host}: connected (${duration(event.elapsedMs)})`));
        break;
      case 'step-start': {
        const step = running.get(event.step) ?? {title: event.title, waits: new Map()};
        step.waits.set(event.host, '');
        running.set(event.step, step);
        break;
      }
      case 'action':
        running.get(event.step)?.waits.set(event.host, '');
        if (isVerbose)
          line(chalk.dim(`  ${event.host}: ${event.action}${event.script ? `\n${event.script.replace(/^/gm, '    | ')}` : ''}`));
        break;
      case 'waiting':
        waiting = event.reason;
        running.get(event.step)?.waits.set(event.host, event.reason);
        if (isVerbose) line(chalk.dim(`  ${event.host}: waiting for ${event.reason}`));
        break;
      case 'step-end':
        waiting = undefined;
        running.get(event.step)?.waits.delete(event.host);
        // after an early failure nearly all steps are blocked; the summary counts them
        if (event.outcome === 'blocked' && !isVerbose) break;
        line(
          `${sign(event.outcome)} ${event.host} ${event.title}: ${event.outcome}${event.outcome === 'changed' ? chalk.dim(` (${duration(event.elapsedMs)})`) : ''}`,
        );
        break;
      case 'end':
        line(summary(event));
        clearTimeout(timer);
        break;
      case 'aborted':
        clearTimeout(timer);
        break;
      default:
    }
  };
}
