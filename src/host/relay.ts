import {PassThrough} from 'node:stream';
import {CommandError, Hw5Error} from '../support/errors.js';
import type {ExecOptions, Host} from './host.js';

/** A command on a host. */
export interface RemoteCommand {
  readonly host: Host;
  readonly argv: readonly string[];
}

/**
 * Streams the output of a command on one host into commands on others (`docker save` → `docker load`), at the speed of the slowest,
 * with a few MB of memory whatever the size. Ends all when one fails.
 * @param onBytes told after every piece how many bytes it had.
 * @throws CommandError of the first command that failed.
 */
export async function relay(
  from: RemoteCommand,
  to: readonly RemoteCommand[],
  options: Pick<ExecOptions, 'signal'> & {readonly onBytes?: ((count: number) => void) | undefined} = {},
): Promise<void> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const pipes = to.map(() => new PassThrough({highWaterMark: 1024 * 1024}));
  const end = (error: unknown) => {
    failed.abort(error);
    for (const pipe of pipes) pipe.destroy();
  };
  const send = async () => {
    const result = await from.host.exec(from.argv, {
      signal,
      onStdout: async (chunk) => {
        options.onBytes?.(chunk.length);
        await Promise.all(pipes.map((pipe) => write(pipe, chunk)));
      },
    });
    if (result.code !== 0) throw new CommandError(from.host.name, from.argv, result);
    // Only now: a receiver must not take a stream that was cut off for a whole one.
    for (const pipe of pipes) pipe.end();
  };
  const receive = to.map(async ({host, argv}, index) => {
    const result = await host.exec(argv, {signal, stdin: pipes[index]});
    if (result.code !== 0) throw new CommandError(host.name, argv, result);
    if (!pipes[index]?.writableFinished) throw new Hw5Error(`${argv[0]} on ${host.name} ended before it had all of its input`);
  });
  const all = [send(), ...receive];
  let first: {readonly error: unknown} | undefined;
  for (const work of all) {
    work.catch((error: unknown) => {
      first ??= {error};
      end(error);
    });
  }
  await Promise.allSettled(all);
  if (first) throw (first as {readonly error: unknown}).error;
}

function write(pipe: PassThrough, chunk: Buffer): Promise<void> | undefined {
  if (pipe.destroyed || pipe.write(chunk)) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      pipe.off('drain', done).off('close', done);
      resolve();
    };
    pipe.on('drain', done).on('close', done);
  });
}
