import {type Command, Option} from 'commander';

const HINT = "\nhw5's own options, such as --file, --lab and --json, may stand here too: see `hw5 --help`.";

/**
 * Lets the program's options also stand behind a command's name, in a command and all those below it. A command that has a flag of
 * its own keeps it: behind `logs`, `-f` is --follow; the cluster file is `--file` there, or `-f` before the command's name.
 */
export function shareOptions(program: Command, command: Command): void {
  command.enablePositionalOptions();
  for (const option of program.options) {
    if (option.long === '--version' || command.options.some((own) => own.long === option.long)) continue;
    const isShortTaken = command.options.some((own) => own.short === option.short);
    const flags = isShortTaken ? option.flags.replace(/^-\w, /, '') : option.flags;
    command.addOption(new Option(flags, option.description).hideHelp());
  }
  if (command.commands.length === 0) command.addHelpText('after', HINT);
  for (const below of command.commands) shareOptions(program, below);
}
