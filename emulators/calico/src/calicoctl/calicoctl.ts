import {changeResources, type Verb} from './change.js';
import {checkSystem} from './checksystem.js';
import {getResources} from './get.js';
import {HELP, NODE_HELP, nodeRunHelp} from './help.js';
import {CommandFailure, type Io} from './io.js';
import {ipamCommand} from './ipam-command.js';
import {nodeRun} from './node-run.js';
import {nodeStatus} from './node-status.js';

/** The version of calicoctl whose flags and output this one has. */
export const VERSION = 'v1.2.0';

/** Runs one calicoctl command. Returns its exit code; all output goes to `io.print`. */
export async function calicoctl(io: Io, argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(io, argv);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    io.print(`${error.message}\n`);
    return 1;
  }
}

async function dispatch(io: Io, argv: readonly string[]): Promise<number> {
  const [command, ...args] = withoutLogLevel(argv);
  switch (command) {
    case 'create':
    case 'apply':
    case 'replace':
    case 'delete':
      return isHelp(args) ? help(io, HELP) : changeResources(io, command satisfies Verb, args);
    case 'get':
      return isHelp(args) ? help(io, HELP) : getResources(io, args);
    case 'ipam':
      return isHelp(args) ? help(io, HELP) : ipamCommand(io, args);
    case 'node':
      return nodeCommand(io, args);
    case 'version':
    case '--version':
      io.print(`Version:      ${VERSION}\nBuild date:   hw5-lab\nGit commit:   emulator of Calico for hw5's lab\n`);
      return 0;
    case undefined:
    case '-h':
    case '--help':
      return help(io, HELP);
    default:
      throw new CommandFailure(`Unknown command: '${command}'\n${HELP}`);
  }
}

async function nodeCommand(io: Io, [command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'run':
      return isHelp(args) ? help(io, nodeRunHelp()) : nodeRun(io, args);
    case 'status':
      return isHelp(args) ? help(io, NODE_HELP) : nodeStatus(io, args);
    case 'checksystem':
      return isHelp(args) ? help(io, NODE_HELP) : checkSystem(io, args);
    case undefined:
    case '-h':
    case '--help':
      return help(io, NODE_HELP);
    default:
      throw new CommandFailure(
        `Invalid option: 'calicoctl node ${command}'. Use flag '--help' to read about a specific subcommand.`,
      );
  }
}

function help(io: Io, text: string): number {
  io.print(text);
  return 0;
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('-h') || args.includes('--help');
}

/** `-l debug` and `--log-level=debug` precede the command; this calicoctl logs nothing. */
function withoutLogLevel([first, ...rest]: readonly string[]): readonly string[] {
  if (first === '-l' || first === '--log-level') return rest.slice(1);
  return first === undefined ? [] : first.startsWith('--log-level=') ? rest : [first, ...rest];
}
