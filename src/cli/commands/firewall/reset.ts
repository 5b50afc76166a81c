import {Command} from 'commander';
import type {CliContext} from '../../context.js';
import {optionsOf} from '../../options.js';
import {runChange} from './change.js';
import {type ChangeOptions, withChangeOptions, withExamples} from './options.js';

/** `hw5 firewall reset` */
export function resetCommand(context: CliContext): Command {
  const command = withChangeOptions(new Command('reset').description('remove all rules'));
  return withExamples(command, ['reset', 'reset --node node2 --dry-run']).action(async (_options, command: Command) => {
    await runChange({kind: 'reset'}, optionsOf<ChangeOptions>(command), context);
  });
}
