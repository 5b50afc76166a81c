import type {Readable, Writable} from 'node:stream';
import type {ExecOptions, ExecResult} from './host.js';

/** The streams of a running command, wherever it runs. */
export interface CommandStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * Writes a running command's input and reads its output until it has exited and all output is delivered.
 * @param exited the exit code (undefined: terminated by a signal); rejects when the connection to the command is lost
 */
export async function pumpStreams(
  streams: CommandStreams,
  exited: Promise<number | undefined>,
  options: Pick<ExecOptions, 'stdin' | 'onStdout' | 'onStderr'>,
): Promise<ExecResult> {
  const {stdin} = options;
  // Such as EPIPE, when the command does not read its input (any more): its exit code decides whether that is an error.
  for (const stream of new Set([streams.stdin, streams.stdout, streams.stderr])) stream.on('error', () => {});
  let hasExited = false;
  const finished = exited.finally(() => {
    hasExited = true;
    if (isStream(stdin)) stdin.destroy();
  });
  const feeding = feed(streams.stdin, stdin).catch((error: unknown) => {
    if (!hasExited) throw error;
  });
  const [stdout, stderr, code] = await Promise.all([
    collect(streams.stdout, options.onStdout),
    collect(streams.stderr, options.onStderr),
    finished,
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
    // The command has closed its input, or has exited.
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

/** The stream's whole content as a string; with `onChunk`, an empty string, and chunks in order, the stream paused while the promise of one is pending. */
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
        // Node resumes a child process's streams when it exits, so a chunk may arrive although the stream is paused.
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
