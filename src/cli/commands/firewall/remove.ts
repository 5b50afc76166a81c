import {Command} from 'commander';
import type {CliContext} from '../../context.js';
import {optionsOf} from '../../options.js';
import {runChange} from './change.js';
import {type ChangeOptions, readId, withChangeOptions, withExamples} from './options.js';

/** `hw5 firewall remove` */
export function removeCommand(context: CliContext): Command {
  const command = withChangeOptions(
    new Command('remove').description('remove one rule').argument('<id>', 'as `hw5 firewall list` shows it'),
  );
  return withExamples(command, ['remove 3f2a1c']).action(async (id: string, _options, command: Command) => {
    await runChange({kind: 'remove', id: readId(id)}, optionsOf<ChangeOptions>(command), context);
  });
}
