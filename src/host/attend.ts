import type {Readable, Writable} from 'node:stream';
import type {ExecOptions, ExecResult} from './host.js';

/** The streams of a running command, wherever it runs. */
export interface CommandStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * Feeds a running command and listens to it until it has ended and all its output is delivered.
 * @param exited the exit code (undefined: a signal ended it); rejects when the command was lost.
 */
export async function attend(
  streams: CommandStreams,
  exited: Promise<number | undefined>,
  options: Pick<ExecOptions, 'stdin' | 'onStdout' | 'onStderr'>,
): Promise<ExecResult> {
  const {stdin} = options;
  // EPIPE and the like: the command does not read its input (any more). Its exit code says what that means.
  for (const stream of new Set([streams.stdin, streams.stdout, streams.stderr])) stream.on('error', () => {});
  let hasExited = false;
  const over = exited.finally(() => {
    hasExited = true;
    if (isStream(stdin)) stdin.destroy();
  });
  const feeding = feed(streams.stdin, stdin).catch((error: unknown) => {
    if (!hasExited) throw error;
  });
  const [stdout, stderr, code] = await Promise.all([
    collect(streams.stdout, options.onStdout),
    collect(streams.stderr, options.onStderr),
    over,
    feeding,
  ]);
  return {code, stdout, stderr};
}

function isStream(input: ExecOptions['stdin']): input is Readable {
  return input !== undefined && typeof input !== 'string' && !Buffer.isBuffer(input);
}

async function feed(stdin: Writable, input: ExecOptions['stdin']): Promise<void> {
  if (!isStream(input)) {
    stdin.end(input);
    return;
  }
  for await (const chunk of input) {
    // The command has closed its input, or is gone.
    if (!stdin.writable) return;
    if (!stdin.write(chunk) && stdin.writable) await drained(stdin);
  }
  stdin.end();
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/**
 * Everything a stream says, as text; or, with `onChunk`, piece by piece in order, the stream held back while a promise of it is open.
 */
function collect(stream: Readable, onChunk: ((chunk: Buffer) => void | Promise<void>) | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let tail: Promise<void> | undefined;
    stream.on('data', (chunk: Buffer) => {
      if (onChunk === undefined) {
        chunks.push(chunk);
        return;
      }
      try {
        // A child process's streams are resumed by Node when it exits, so a chunk may come although the stream is paused.
        const busy = tail === undefined ? onChunk(chunk) : tail.then(() => onChunk(chunk));
        if (busy === undefined) return;
        tail = busy;
        stream.pause();
        busy.then(() => {
          if (tail !== busy) return;
          tail = undefined;
          stream.resume();
        }, reject);
      } catch (error) {
        reject(error);
      }
    });
    const done = () => {
      if (tail === undefined) resolve(Buffer.concat(chunks).toString());
      else tail.then(done, reject);
    };
    stream.once('end', done).once('close', done);
  });
}
