import type {TtyInfo} from '../../common/wire.js';

/**
 * The executor of command tasks: a shell that runs the task in its own session and records its pid and exit status in files, so that the
 * status is not lost when the task exits while no agent runs. Arguments: the directory of the files, then the argv of the task.
 */
export const EXECUTOR = `d=$1; shift
setsid "$@" &
echo $! > "$d/pid"
wait $!
echo $? > "$d/exit.new"
mv "$d/exit.new" "$d/exit"`;

/**
 * The same on a terminal, which script(1) of util-linux provides: Node has no function for it. script runs a command line with $SHELL, here
 * in a session of its own. As no client attaches, the terminal's input stays open and empty: a FIFO that the executor itself may write to.
 * Arguments: the directory of the files, the command line.
 */
export const TERMINAL_EXECUTOR = `d=$1
mkfifo "$d/stdin"
SHELL=/bin/sh script --quiet --flush --return --command "$2" /dev/null <> "$d/stdin"
echo $? > "$d/exit.new"
mv "$d/exit.new" "$d/exit"`;

/** A terminal, and the variable SHELL of the task's environment. */
export interface Terminal extends TtyInfo {
  readonly shell?: string | undefined;
}

/**
 * The argv of the executor of a task.
 * @param directory for the files `pid` and `exit`
 * @param terminal undefined for a task that has no terminal
 */
export function executorArgv(directory: string, argv: readonly string[], terminal: Terminal | undefined): string[] {
  return terminal
    ? ['/bin/sh', '-c', TERMINAL_EXECUTOR, 'hw5-executor', directory, terminalCommand(directory, argv, terminal)]
    : ['/bin/sh', '-c', EXECUTOR, 'hw5-executor', directory, ...argv];
}

function terminalCommand(directory: string, argv: readonly string[], {shell, window_size: size}: Terminal): string {
  const environment = shell === undefined ? ['-u', 'SHELL'] : [`SHELL=${shell}`];
  return [
    `echo $$ > ${quote(`${directory}/pid`)}`,
    ...(size === undefined ? [] : [`stty rows ${size.rows} columns ${size.columns}`]),
    `exec ${['env', ...environment, ...argv].map(quote).join(' ')}`,
  ].join('; ');
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
