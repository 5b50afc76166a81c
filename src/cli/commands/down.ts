import {Command} from 'commander';
import {downRun} from '../../engine/runner.js';
import {Hw5Errors} from '../../support/errors.js';
import {type CliContext, now} from '../context.js';
import {optionsOf} from '../options.js';
import {downOptions, holder} from '../run-options.js';

/** `hw5 down` */
export function downCommand(context: CliContext): Command {
  return new Command('down')
    .option('--purge', "also remove etcd's data and the images")
    .addHelpText(
      'after',
      "\nWithout --purge, etcd's data and the images remain, so that the next `hw5 up` is quick.\n\nExamples:\n  hw5 down\n  hw5 --lab down --purge",
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<{purge?: boolean}>(command);
      const result = await downRun({
        ...(await downOptions(options, context, now())),
        lockAs: holder('down'),
        purge: options.purge === true,
      });
      if (result.errors.length > 0) throw new Hw5Errors(result.errors);
    });
}
