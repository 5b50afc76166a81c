import {setMaxListeners} from 'node:events';
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {Command, CommanderError} from 'commander';
import {Hw5Error, InterruptedError} from '../support/errors.js';
import {packageFile} from '../support/template.js';
import {COMMANDS, commandName, describeCommand, loadCommand} from './commands/index.js';
import {type CliContext, cacheDirectory} from './context.js';
import {respectNoColor} from './reporter/no-color.js';
import {shareOptions} from './share-options.js';
import {formatError} from './text/format-error.js';
import {surviveUnread} from './unread-output.js';

/** How long a command may take to end cleanly after Ctrl-C. */
const GRACE_MS = 10_000;

const interrupted = new AbortController();
// every command on every host listens to it
setMaxListeners(0, interrupted.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort(new InterruptedError('interrupted'));
    setTimeout(() => process.exit(130), GRACE_MS).unref();
  });
}
respectNoColor(process.env);

const context: CliContext = {
  env: process.env,
  home: homedir(),
  cwd: process.cwd(),
  cacheDir: cacheDirectory(process.env, homedir()),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

const {version} = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {version: string};

const program = new Command('hw5')
  .description(
    'From one cluster YAML, over SSH: etcd, Docker, Calico, Mesos, a Jupyter container and four ssh containers on three servers. And back.',
  )
  .version(version)
  .option('-f, --file <file>', 'the cluster file (default: $HW5_CLUSTER, then ./cluster.yaml)')
  .option('--lab', 'the cluster that `hw5 lab up` made')
  .option('--lab-name <name>', 'the same, of a lab with another name')
  .option('--json', 'output for programs')
  .option('--verbose', 'show every action of up, down and scale')
  .option('--accept-new-host-keys', 'remember the keys of hosts that are not known yet; changed keys are refused all the same')
  .showHelpAfterError('(see hw5 --help)')
  .showSuggestionAfterError()
  // `-f` is the cluster file before a command's name, and may be something else behind it
  .enablePositionalOptions()
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  hw5 lab up && hw5 --lab up      three machines on this computer, and the cluster on them
  hw5 validate                    check ./cluster.yaml
  hw5 plan                        what would \`up\` change?
  hw5 up                          change it
  hw5 status --watch              how does it do?
  hw5 notebook                    the URL to open
  hw5 task exec ssh-1 -- uptime   in a task's container
  hw5 scale ssh=6                 more of them
  hw5 why ssh-6                   why does it not run?
  hw5 logs scheduler -f           what does it say, on all nodes?
  hw5 down                        take it all away

Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 status, plan or why found a difference, 130 interrupted.`,
  );
surviveUnread(program, process, () => process.exit(0));
try {
  const named = commandName(program, process.argv.slice(2));
  for (const entry of COMMANDS) {
    const command = entry.name === named ? await loadCommand(entry, context) : describeCommand(entry);
    shareOptions(program, command);
    inheritSettings(program, command);
    program.addCommand(command);
  }
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
} finally {
  // ssh2 keeps nothing open, but a host that vanished may
  setTimeout(() => process.exit(), 2_000).unref();
}

/** Errors and suggestions alike in all commands, those below others too: a wrong command line is always exit code 2. */
function inheritSettings(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inheritSettings(command, below);
}

/** Shows the error and gives the exit code. What is not a Hw5Error is a bug of ours and keeps its stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (interrupted.signal.aborted) {
    process.stderr.write('interrupted; what was done stays, and the same command goes on from there\n');
    return 130;
  }
  process.stderr.write(`${formatError(error)}\n`);
  return error instanceof Hw5Error ? error.exitCode : 1;
}
