import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {posix} from 'node:path';
import {CommandError} from '../support/errors.js';
import {run, Secret} from './command.js';
import type {ExecOptions, Host} from './host.js';

export interface WriteOptions {
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  /** `user` or `user:group`; default: the login's. */
  readonly owner?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Exit code of READ_SCRIPT for a file that does not exist. */
export const MISSING = 44;

/** Exits with MISSING only when the file certainly does not exist, and with 1 when a directory of the path may not be searched. */
export const READ_SCRIPT = `[ -e "$1" ] && exec cat -- "$1"
p=$1
while [ "$p" != / ]; do
  p=$(dirname -- "$p")
  [ -e "$p" ] || continue
  [ ! -d "$p" ] || [ -x "$p" ] || { echo "$p: Permission denied" >&2; exit 1; }
  exit ${MISSING}
done
exit ${MISSING}`;

/**
 * $1 path, $2 mode, $3 size in bytes, $4 owner or empty. The new file appears complete or not at all: when the connection is lost, the input ends
 * early, and the size differs.
 */
export const WRITE_SCRIPT = `set -eu
umask 077
directory=$(dirname -- "$1")
(umask 022 && mkdir -p -- "$directory")
new=$(mktemp -- "$directory/.hw5.XXXXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cat >"$new"
size=$(stat -c %s -- "$new")
[ "$size" = "$3" ] || { echo "$1: only $size of $3 bytes arrived" >&2; exit 1; }
[ -z "$4" ] || chown -- "$4" "$new"
chmod -- "$2" "$new"
sync -- "$new"
mv -fT -- "$new" "$1"
sync -- "$directory"`;

/** The content of a file; undefined when it does not exist. @throws CommandError when it cannot be read */
export async function readFile(host: Host, path: string, options: Pick<ExecOptions, 'signal'> = {}): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  const argv = ['sh', '-c', READ_SCRIPT, 'sh', absolute(path)];
  const result = await host.exec(argv, {
    ...options,
    onStdout: (chunk) => {
      chunks.push(chunk);
    },
  });
  if (result.code === MISSING) return undefined;
  if (result.code !== 0) throw new CommandError(host.name, ['cat', path], result);
  return Buffer.concat(chunks);
}

/**
 * Writes a file atomically: a temporary file in the same directory, 0600 from the start, gets content, owner and mode, and is renamed. Missing
 * directories are made with mode 0755. The content is sent over standard input.
 */
export async function writeFile(
  host: Host,
  path: string,
  content: string | Buffer | Secret,
  options: WriteOptions,
): Promise<void> {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content instanceof Secret ? content.reveal() : content);
  await run(host, writing(path, bytes.length, options), {stdin: bytes, signal: options.signal});
}

/** Copies a file of the controller to the host, as atomically as `writeFile`, without holding it in memory. */
export async function upload(host: Host, path: string, localFile: string, options: WriteOptions): Promise<void> {
  const {size} = await stat(localFile);
  const stdin = createReadStream(localFile, {highWaterMark: 1024 * 1024});
  await run(host, writing(path, size, options), {stdin, signal: options.signal});
}

function writing(path: string, size: number, {mode, owner = ''}: WriteOptions): string[] {
  return ['sh', '-c', WRITE_SCRIPT, 'sh', absolute(path), mode.toString(8).padStart(4, '0'), String(size), owner];
}

function absolute(path: string): string {
  if (!posix.isAbsolute(path)) throw new TypeError(`not an absolute path: ${path}`);
  return path;
}
