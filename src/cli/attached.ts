import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {constants} from 'node:os';
import {Hw5Error} from '../support/errors.js';

/**
 * Runs a program on this process's own standard input, output and error. Ctrl-C does not end hw5 meanwhile: the terminal sends SIGINT to the
 * program as well, which decides what to do.
 * @returns the program's exit code; 128 + n if signal n terminated it, as in a shell
 */
export async function attached(argv: readonly string[]): Promise<number> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {stdio: 'inherit'});
  const restore = replaceSignalListeners({
    SIGINT: () => undefined,
    // not sent by the terminal: the program may not have received it
    SIGTERM: () => child.kill('SIGTERM'),
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal!];
  } catch (cause) {
    throw new Hw5Error(`cannot run ${program}`, {cause, hint: 'apt-get install -y openssh-client util-linux'});
  } finally {
    restore();
  }
}

/** Replaces all of this process's listeners for these signals. @returns a function that restores them */
function replaceSignalListeners(listeners: Partial<Record<NodeJS.Signals, NodeJS.SignalsListener>>): () => void {
  const restorers = Object.entries(listeners).map(([name, listener]) => {
    const before = process.listeners(name as NodeJS.Signals);
    process.on(name, listener);
    for (const each of before) process.off(name, each);
    return () => {
      for (const each of before) process.on(name, each);
      process.off(name, listener);
    };
  });
  return () => {
    for (const restore of restorers) restore();
  };
}
