import {setMaxListeners} from 'node:events';
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {Command, CommanderError} from 'commander';
import {Hw5Error, InterruptedError} from '../support/errors.js';
import {packageFile} from '../support/template.js';
import {handleClosedOutput} from './closed-output.js';
import {COMMANDS, commandName, describeCommand, loadCommand} from './commands/index.js';
import {type CliContext, cacheDirectory} from './context.js';
import {respectNoColor} from './reporter/colours.js';
import {shareOptions} from './share-options.js';
import {formatError} from './text/format-error.js';

/** How long a command may take to exit cleanly after Ctrl-C. */
const GRACE_MS = 10_000;

const interrupted = new AbortController();
// every command on every host adds a listener
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
    'Installs a container cluster on servers over SSH, as one YAML file describes it: etcd, Docker, Calico, Mesos, a Jupyter container and four ssh containers. And removes it again.',
  )
  .version(version)
  .option('-f, --file <file>', 'the cluster file (default: $HW5_CLUSTER, then ./cluster.yaml)')
  .option('--lab', 'use the cluster file of the lab that `hw5 lab up` made')
  .option('--lab-name <name>', 'the same, for a lab with another name')
  .option('--json', 'print JSON for programs')
  .option('--verbose', 'print every action of up, down and scale')
  .option('--accept-new-host-keys', 'accept and store the keys of unknown hosts; changed keys are still rejected')
  .showHelpAfterError('(see hw5 --help)')
  .showSuggestionAfterError()
  // before a command's name `-f` is the cluster file; after it, the command may define its own `-f`
  .enablePositionalOptions()
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  hw5 lab up && hw5 --lab up      create three machines on this computer, and a cluster on them
  hw5 validate                    check ./cluster.yaml
  hw5 plan                        show what \`up\` would change
  hw5 up                          install or update the cluster
  hw5 status --watch              show its health every two seconds
  hw5 notebook                    print the notebook's URL
  hw5 task exec ssh-1 -- uptime   run a command in a task's container
  hw5 scale ssh=6                 change the number of ssh tasks to six
  hw5 why ssh-6                   explain why a task is not running
  hw5 logs scheduler -f           follow the scheduler's log of all nodes
  hw5 down                        remove the cluster

Exit codes: 0 success, 1 failure, 2 wrong usage or configuration, 3 status, plan or why found a difference, 130 interrupted.
The documentation is in README.md and docs/ of the package.`,
  );
handleClosedOutput(program, process, () => process.exit(0));
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
  // a connection to a host that no longer responds could keep the process alive
  setTimeout(() => process.exit(), 2_000).unref();
}

/** Applies the program's error settings to a command and its subcommands: a wrong command line always exits with 2. */
function inheritSettings(parent: Command, command: Command, path = `hw5 ${command.name()}`): void {
  command.copyInheritedSettings(parent).showHelpAfterError(`(see ${path} --help)`);
  for (const below of command.commands) inheritSettings(command, below, `${path} ${below.name()}`);
}

/** Prints the error and returns the exit code. An error that is not an Hw5Error is a bug in hw5 and is printed with its stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (interrupted.signal.aborted) {
    const result =
      error instanceof InterruptedError && error.hint !== undefined
        ? error.hint
        : 'changes made so far remain; run the same command again to continue';
    process.stderr.write(`interrupted: ${result}\n`);
    return 130;
  }
  process.stderr.write(`${formatError(error)}\n`);
  return error instanceof Hw5Error ? error.exitCode : 1;
}
