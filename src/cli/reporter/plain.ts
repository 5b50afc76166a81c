import type {Emit} from '../../engine/events.js';
import {chalkStderr as chalk} from './colours.js';
import {duration, sign, summary} from './words.js';

/** One line per event; with `isVerbose` also one per action. For logs and pipes. */
export function plainReporter(out: NodeJS.WritableStream, isVerbose: boolean): Emit {
  const line = (text: string): void => void out.write(`${text}\n`);
  return (event) => {
    switch (event.type) {
      case 'connected':
        if (isVerbose) line(chalk.dim(`  ${event.host}: connected (${duration(event.elapsedMs)})`));
        break;
      case 'action':
        if (isVerbose)
          line(chalk.dim(`  ${event.host}: ${event.action}${event.script ? `\n${event.script.replace(/^/gm, '    | ')}` : ''}`));
        break;
      case 'waiting':
        if (isVerbose) line(chalk.dim(`  ${event.host}: waiting for ${event.reason}`));
        break;
      case 'step-end':
        // after an early failure nearly all steps are blocked; the summary counts them
        if (event.outcome === 'blocked' && !isVerbose) break;
        line(
          `${sign(event.outcome)} ${event.host} ${event.title}: ${event.outcome}${event.outcome === 'changed' ? chalk.dim(` (${duration(event.elapsedMs)})`) : ''}`,
        );
        break;
      case 'end':
        line(summary(event));
        break;
      default:
    }
  };
}
