import type {Emit} from '../../engine/events.js';
import type {CliContext} from '../context.js';
import type {GlobalOptions} from '../options.js';
import {jsonReporter} from './json.js';
import {plainReporter} from './plain.js';
import {ttyReporter} from './tty.js';

/**
 * Shows the events of a run: as JSON for programs, with spinners on a terminal, as plain lines elsewhere.
 * @param isTalkative whether plain lines tell every action; default: with --verbose
 */
export function reporter(options: GlobalOptions, context: CliContext, isTalkative = options.verbose === true): Emit {
  if (options.json) return jsonReporter(context.stdout);
  if (!options.verbose && isScreen(context)) return ttyReporter(context.stderr);
  return plainReporter(context.stderr, isTalkative);
}

/** Whether lines on standard error can be overwritten, and somebody looks at them. */
function isScreen({stderr, env}: CliContext): boolean {
  // a terminal that does not know its size says 0 (a serial console, `script` in a job), and ora would erase endlessly many lines there
  return stderr.isTTY && stderr.columns > 0 && env['TERM'] !== 'dumb' && env['CI'] === undefined;
}
