import type {Emit} from '../../step/events.js';
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
  // a terminal that does not know its size says 0 (a serial console, `script` in a job), and ora would erase endlessly many lines there
  const isScreen = context.stderr.isTTY && context.stderr.columns > 0;
  if (isScreen && !options.verbose && context.env['CI'] === undefined) return ttyReporter(context.stderr);
  return plainReporter(context.stderr, isTalkative);
}
