import type {Command} from 'commander';

/** Commands that only print. Without a reader they might run for ever, as `logs -f` does. */
const READ_ONLY: readonly string[] = ['status', 'plan', 'notebook', 'why', 'logs', 'task', 'validate'];

/**
 * Handles a reader that closes the pipe early, as in `hw5 status | head -1`: a command that only prints exits; one that changes hosts continues
 * without output, and its exit code reports the result.
 */
export function handleClosedOutput(
  program: Command,
  {stdout, stderr}: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  exit: () => void,
): void {
  let isReadOnly = true;
  program.hook('preAction', (_, action) => {
    let command = action;
    while (command.parent && command.parent !== program) command = command.parent;
    isReadOnly = READ_ONLY.includes(command.name());
  });
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (stream === stdout && isReadOnly) exit();
    });
  }
}
