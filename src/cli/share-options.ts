import {type Command, Option} from 'commander';

const HINT = '\nThe global options, such as --file, --lab and --json, are accepted here, too: see `hw5 --help`.';

/**
 * Accepts the global options also after a command's name, for a command and all its subcommands. A command's own flag takes precedence:
 * after `logs`, `-f` is --follow; the cluster file is `--file` there, or `-f` before the command's name.
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
