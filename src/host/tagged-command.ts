import {randomUUID} from 'node:crypto';
import {InterruptedError, TimeoutError} from '../support/errors.js';
import type {ExecOptions} from './host.js';

/**
 * A command as it is actually started: with a locale whose messages are untranslated, so that output can be parsed, and, if it may have to be
 * terminated early, with a tag in its environment, which all its children inherit. Closing an SSH channel terminates nothing, and a login may not
 * signal the processes of sudo: the tag finds both.
 */
export interface TaggedCommand {
  readonly argv: readonly string[];
  readonly tag: string | undefined;
}

export function tagCommand(argv: readonly string[], options: Pick<ExecOptions, 'signal' | 'timeoutMs'>): TaggedCommand {
  if (argv.length === 0) throw new TypeError('a command needs an argv');
  if (argv.some((argument) => argument.includes('\0'))) throw new TypeError('an argument cannot hold a NUL byte');
  const tag = options.signal || options.timeoutMs !== undefined ? randomUUID() : undefined;
  return {argv: ['env', 'LC_ALL=C.UTF-8', ...(tag ? [`HW5_EXEC=${tag}`] : []), ...argv], tag};
}

const KILL_SCRIPT = `# shellcheck disable=SC2086 # $found is a list of process ids
tagged() { grep -lszx -- "HW5_EXEC=$1" /proc/[0-9]*/environ | tr -cd '0-9\\n'; }
found=$(tagged "$1")
[ "$found" ] || exit 0
kill -TERM $found 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.1
  found=$(tagged "$1")
  [ "$found" ] || exit 0
done
kill -KILL $found 2>/dev/null
exit 0`;

/** The command that terminates all processes with the tag: SIGTERM, and SIGKILL after a second. */
export function killTagged(tag: string): readonly string[] {
  return ['sh', '-c', KILL_SCRIPT, 'sh', tag];
}

/** How long, in ms, `cancellable` waits for the termination of a command: the host may not respond any more. */
export const KILL_LIMIT_MS = 4000;

/** A command and its host, for error messages. */
export interface CommandPlace {
  readonly host: string;
  readonly argv: readonly string[];
}

export function timedOut({host, argv}: CommandPlace, milliseconds: number): TimeoutError {
  return new TimeoutError(`${argv[0]} on ${host} did not finish within ${milliseconds / 1000} s`);
}

export function interrupted({host, argv}: CommandPlace): InterruptedError {
  return new InterruptedError(`${argv[0]} on ${host} was interrupted`);
}

/**
 * Waits for a command, and terminates it at its time limit, when its signal aborts, or when `work` fails.
 * @param terminate terminates the command on its host, best effort, within KILL_LIMIT_MS
 * @throws TimeoutError, InterruptedError, and any error of `work`, each after `terminate`
 */
export async function cancellable<T>(
  what: CommandPlace,
  options: Pick<ExecOptions, 'signal' | 'timeoutMs'>,
  work: Promise<T>,
  terminate: () => Promise<void>,
): Promise<T> {
  const {signal, timeoutMs} = options;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const cancelled = new Promise<never>((_, reject) => {
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => reject(timedOut(what, timeoutMs)), timeoutMs);
    }
    onAbort = () => reject(interrupted(what));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
  try {
    return await Promise.race([work, cancelled]);
  } catch (error) {
    work.catch(() => {});
    let limit: NodeJS.Timeout | undefined;
    const limited = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, KILL_LIMIT_MS);
    });
    await Promise.race([terminate().catch(() => {}), limited]);
    clearTimeout(limit);
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
