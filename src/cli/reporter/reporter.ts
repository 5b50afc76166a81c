import type {Emit} from '../../engine/events.js';
import type {CliContext} from '../context.js';
import type {GlobalOptions} from '../options.js';
import {jsonReporter} from './json.js';
import {plainReporter} from './plain.js';
import {ttyReporter} from './tty.js';

/**
 * Shows the events of a run: as JSON for programs, with spinners on a terminal, as plain lines elsewhere.
 * @param isVerbose whether plain lines include every action; default: with --verbose
 */
export function reporter(options: GlobalOptions, context: CliContext, isVerbose = options.verbose === true): Emit {
  if (options.json) return jsonReporter(context.stdout);
  if (!options.verbose && isScreen(context)) return ttyReporter(context.stderr);
  return plainReporter(context.stderr, isVerbose);
}

/** Whether standard error is an interactive terminal whose lines can be overwritten. */
function isScreen({stderr, env}: CliContext): boolean {
  // a terminal of unknown size (a serial console, `script` in a job) reports 0 columns, and ora would erase lines for ever there
  return stderr.isTTY && stderr.columns > 0 && env['TERM'] !== 'dumb' && env['CI'] === undefined;
}
