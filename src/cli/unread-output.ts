import type {Command} from 'commander';

/** Commands that only tell. Without anybody to tell they may go on for ever, as `logs -f` does. */
const TELLERS: readonly string[] = ['status', 'plan', 'notebook', 'why', 'logs', 'task', 'validate'];

/**
 * What reads our output may stop before we do: `hw5 status | head -1`. A command that only tells ends then; one that changes hosts goes on in
 * silence, and its exit code says how it ended.
 */
export function surviveUnread(
  program: Command,
  {stdout, stderr}: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  end: () => void,
): void {
  let onlyTells = true;
  program.hook('preAction', (_, action) => {
    let command = action;
    while (command.parent && command.parent !== program) command = command.parent;
    onlyTells = TELLERS.includes(command.name());
  });
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (stream === stdout && onlyTells) end();
    });
  }
}
