import {randomUUID} from 'node:crypto';
import {InterruptedError, TimeoutError} from '../support/errors.js';
import type {ExecOptions} from './host.js';

/**
 * A command as it is really started: with a locale in which messages are untranslated, so that output can be parsed, and, if it may have
 * to be ended early, a mark in its environment, which all its children inherit. sshd ends nothing when a channel is closed, and a login
 * may not signal what sudo started: the mark is how both are found again.
 */
export interface MarkedCommand {
  readonly argv: readonly string[];
  readonly mark: string | undefined;
}

export function marked(argv: readonly string[], options: Pick<ExecOptions, 'signal' | 'timeoutMs'>): MarkedCommand {
  if (argv.length === 0) throw new TypeError('a command needs an argv');
  if (argv.some((argument) => argument.includes('\0'))) throw new TypeError('an argument cannot hold a NUL byte');
  const mark = options.signal || options.timeoutMs !== undefined ? randomUUID() : undefined;
  return {argv: ['env', 'LC_ALL=C.UTF-8', ...(mark ? [`HW5_EXEC=${mark}`] : []), ...argv], mark};
}

const END = `marked() { grep -lszx -- "HW5_EXEC=$1" /proc/[0-9]*/environ | tr -cd '0-9\\n'; }
found=$(marked "$1")
[ "$found" ] || exit 0
kill -TERM $found 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.1
  found=$(marked "$1")
  [ "$found" ] || exit 0
done
kill -KILL $found 2>/dev/null
exit 0`;

/** The command that ends everything that carries the mark: TERM, and after a second KILL. */
export function endMarked(mark: string): readonly string[] {
  return ['sh', '-c', END, 'sh', mark];
}

/** Longest wait, in ms, for a command to be ended after a timeout or Ctrl-C: the machine may not answer any more. */
export const END_LIMIT_MS = 4000;

/** A command and where it runs, for error texts. */
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
 * Waits for a command; gives it up at its time limit or when its signal aborts.
 * @param end ends the command on its host, best effort; given END_LIMIT_MS.
 * @throws TimeoutError, InterruptedError, and whatever `work` throws (after `end`).
 */
export async function cancellable<T>(
  what: CommandPlace,
  options: Pick<ExecOptions, 'signal' | 'timeoutMs'>,
  work: Promise<T>,
  end: () => Promise<void>,
): Promise<T> {
  const {signal, timeoutMs} = options;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const given = new Promise<never>((_, reject) => {
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => reject(timedOut(what, timeoutMs)), timeoutMs);
    }
    onAbort = () => reject(interrupted(what));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
  try {
    return await Promise.race([work, given]);
  } catch (error) {
    work.catch(() => {});
    let limit: NodeJS.Timeout | undefined;
    const limited = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, END_LIMIT_MS);
    });
    await Promise.race([end().catch(() => {}), limited]);
    clearTimeout(limit);
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
