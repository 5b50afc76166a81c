import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {constants} from 'node:os';
import {Hw5Error} from '../support/errors.js';

/**
 * Runs a program on this process's own standard input, output and error. What Ctrl-C does is the program's to say: the terminal tells it as
 * well as us, and as long as it owns the terminal we stay.
 * @returns its exit code; as a shell says it, 128 + n when signal n ended it
 */
export async function attached(argv: readonly string[]): Promise<number> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {stdio: 'inherit'});
  const giveBack = takeSignals({
    SIGINT: () => undefined,
    // comes from no terminal, so that we may be the only one who was told
    SIGTERM: () => child.kill('SIGTERM'),
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal!];
  } catch (cause) {
    throw new Hw5Error(`cannot run ${program}`, {cause, hint: 'apt-get install -y openssh-client util-linux'});
  } finally {
    giveBack();
  }
}

/** Puts these listeners in the place of all that this process has for these signals. @returns what puts the others back */
function takeSignals(listeners: Partial<Record<NodeJS.Signals, NodeJS.SignalsListener>>): () => void {
  const back = Object.entries(listeners).map(([name, listener]) => {
    const before = process.listeners(name as NodeJS.Signals);
    process.on(name, listener);
    for (const each of before) process.off(name, each);
    return () => {
      for (const each of before) process.on(name, each);
      process.off(name, listener);
    };
  });
  return () => {
    for (const put of back) put();
  };
}
