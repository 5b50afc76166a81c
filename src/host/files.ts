import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {posix} from 'node:path';
import {CommandError} from '../support/errors.js';
import {run, Secret} from './command.js';
import type {ExecOptions, Host} from './host.js';

export interface WriteOptions {
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  /** `user` or `user:group`; default: whoever writes. */
  readonly owner?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Exit code of READ_SCRIPT for a file that is not there. */
export const MISSING = 44;

/** Says MISSING only when the file is surely not there, and not when a folder on the way may not be looked into. */
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
 * $1 path, $2 mode, $3 size in bytes, $4 owner or nothing. The new file appears whole or not at all: a connection that is lost in
 * between ends the input early, which the size shows.
 */
export const WRITE_SCRIPT = `set -eu
umask 077
folder=$(dirname -- "$1")
(umask 022 && mkdir -p -- "$folder")
new=$(mktemp -- "$folder/.hw5.XXXXXXXXXX")
trap 'rm -f -- "$new"' EXIT
trap 'exit 1' HUP INT PIPE TERM
cat >"$new"
size=$(stat -c %s -- "$new")
[ "$size" = "$3" ] || { echo "$1: only $size of $3 bytes arrived" >&2; exit 1; }
[ -z "$4" ] || chown -- "$4" "$new"
chmod -- "$2" "$new"
sync -- "$new"
mv -fT -- "$new" "$1"
sync -- "$folder"`;

/** The content of a file; undefined when there is none. @throws CommandError when it cannot be read. */
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
 * Writes a file atomically: a temporary file beside it, 0600 from the start, gets content, owner and mode, and takes its name.
 * Missing folders are made with mode 0755. The content travels over standard input.
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

/** Copies a file of this computer to the host, as writeFile does, without holding it in memory. */
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
