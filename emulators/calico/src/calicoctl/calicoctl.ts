import {changeResources} from './change.js';
import {checkSystem} from './checksystem.js';
import {configCommand} from './config-command.js';
import {invalidOption} from './flags.js';
import {getResources} from './get.js';
import {helpOf} from './help.js';
import {CommandFailure, type Io} from './io.js';
import {ipamCommand} from './ipam-command.js';
import {nodeDiags} from './node-diags.js';
import {nodeRun} from './node-run.js';
import {nodeStatus} from './node-status.js';
import {USAGE} from './usage.js';
import {versionCommand, versionSummary} from './version-command.js';

type Command = (io: Io, args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  create: (io, args) => changeResources(io, 'create', args),
  apply: (io, args) => changeResources(io, 'apply', args),
  replace: (io, args) => changeResources(io, 'replace', args),
  delete: (io, args) => changeResources(io, 'delete', args),
  get: getResources,
  config: configCommand,
  version: versionCommand,
};

/** The commands below `node` and `ipam`. */
const SUBCOMMANDS: Readonly<Record<string, Readonly<Record<string, Command>>>> = {
  node: {run: nodeRun, status: (io, args) => nodeStatus(io, args), diags: nodeDiags, checksystem: checkSystem},
  ipam: {
    show: (io, args) => ipamCommand(io, 'show', args),
    release: (io, args) => ipamCommand(io, 'release', args),
  },
};

/** Runs one calicoctl command. Returns its exit code. */
export async function calicoctl(io: Io, argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(io, argv);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const {usage, isLineOpen = false} = error.options;
    if (usage !== undefined) io.printError(`${usage}\n`);
    io.print(isLineOpen ? error.message : `${error.message}\n`);
    return 1;
  }
}

async function dispatch(io: Io, argv: readonly string[]): Promise<number> {
  const {command, args} = withoutOptions(argv);
  if (command === undefined || command === '-h' || command === '--help' || command === '--version') {
    if (command === '--version') io.print(`${versionSummary(io)}\n`);
    else if (command === undefined) io.printError(`${USAGE['']}\n`);
    else io.print(helpOf('', io.version));
    return 0;
  }
  const subcommands = SUBCOMMANDS[command];
  if (subcommands !== undefined) return runSubcommand(io, command, subcommands, args);
  const run = COMMANDS[command];
  if (run === undefined) {
    io.printError(`Unknown command: "${command}"\n`);
    io.print(`${helpOf('', io.version)}\n`);
    return 1;
  }
  return isHelp(args) ? help(io, command) : run(io, args);
}

async function runSubcommand(
  io: Io,
  command: string,
  subcommands: Readonly<Record<string, Command>>,
  [name, ...args]: readonly string[],
): Promise<number> {
  if (name === '-h' || name === '--help') return help(io, command);
  if (name === undefined || name.startsWith('-'))
    throw invalidOption([command, ...(name === undefined ? [] : [name, ...args])], USAGE[command] ?? '');
  const run = subcommands[name];
  if (run === undefined) {
    io.print(`${helpOf(command, io.version)}\n`);
    return 0;
  }
  return isHelp(args) ? help(io, `${command} ${name}`) : run(io, args);
}

function help(io: Io, command: string): number {
  io.print(helpOf(command, io.version));
  return 0;
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('-h') || args.includes('--help');
}

const LOG_LEVELS = ['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug'];

/** `-l debug` and `--log-level=debug` precede the command; this calicoctl logs nothing. @throws CommandFailure for an unknown level */
function withoutOptions([first, ...rest]: readonly string[]): {command: string | undefined; args: readonly string[]} {
  const isApart = first === '-l' || first === '--log-level';
  if (!isApart && !first?.startsWith('--log-level=')) return {command: first, args: rest};
  const level = isApart ? rest.shift() : first?.slice('--log-level='.length);
  if (level !== undefined && !LOG_LEVELS.includes(level.toLowerCase())) {
    throw new CommandFailure(`Unknown log level: ${level}, expected one of: \npanic, fatal, error, warn, info, debug.`);
  }
  const [command, ...args] = rest;
  return {command, args};
}
