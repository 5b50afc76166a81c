import type {Emit} from '../../engine/events.js';
import {chalkStderr as chalk} from './colours.js';
import {duration, sign, summary} from './words.js';

/** After this time without a line, a line reports what is still running. */
const QUIET_MS = 10_000;

/** One line per event; with `isVerbose` also one per action. For logs and pipes. */
export function plainReporter(out: NodeJS.WritableStream, isVerbose: boolean, quietMs = QUIET_MS): Emit {
  const begun = performance.now();
  /** The steps that are running: step@host → what is shown. */
  const running = new Map<string, {readonly title: string; readonly host: string; readonly reason?: string}>();
  /** Before the first step: for another run of hw5 on these hosts. */
  let waiting: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const line = (text: string): void => {
    out.write(`${text}\n`);
    timer?.refresh();
  };
  const reportRunning = (): void => {
    const hosts = new Map<string, {readonly title: string; readonly reason: string; readonly hosts: readonly string[]}>();
    for (const {title, host, reason = ''} of running.values()) {
      const same = hosts.get(`${title} ${reason}`);
      hosts.set(`${title} ${reason}`, {title, reason, hosts: [...(same?.hosts ?? []), host]});
    }
    const steps = [...hosts.values()].map(
      (one) => `${one.title} (${one.hosts.join(', ')}${one.reason === '' ? '' : ` waiting for ${one.reason}`})`,
    );
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
      case 'step-start':
        waiting = undefined;
        running.set(`${event.step}@${event.host}`, {title: event.title, host: event.host});
        break;
      case 'action':
        if (isVerbose)
          line(chalk.dim(`  ${event.host}: ${event.action}${event.script ? `\n${event.script.replace(/^/gm, '    | ')}` : ''}`));
        break;
      case 'waiting': {
        const key = `${event.step}@${event.host}`;
        const step = running.get(key);
        if (step) running.set(key, {...step, reason: event.reason});
        else waiting = event.reason;
        if (isVerbose) line(chalk.dim(`  ${event.host}: waiting for ${event.reason}`));
        break;
      }
      case 'step-end':
        waiting = undefined;
        running.delete(`${event.step}@${event.host}`);
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
