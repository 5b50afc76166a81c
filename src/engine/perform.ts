import {createReadStream} from 'node:fs';
import {mkdir, open, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {quote, run, Secret, script} from '../host/command.js';
import {upload, writeFile} from '../host/files.js';
import type {Host} from '../host/host.js';
import {CommandError, TimeoutError} from '../support/errors.js';
import {sha256} from '../support/sha256.js';
import {type Action, describe, type RunAction, type ScriptAction} from './action.js';
import {lastLinesOf} from './unit-failure.js';

/** A command that takes longer is treated as hanging. */
const DEFAULT_LIMIT_MS = 10 * 60_000;
/** Images are gigabytes, and the network may be slow: 1 GB at 1.5 Mbit/s takes 90 minutes. */
const STREAM_LIMIT_MS = 2 * 3_600_000;

/** Performs one action on a host, as root. @throws CommandError, ConnectError, TimeoutError, InterruptedError. */
export async function perform(host: Host, action: Action, signal?: AbortSignal): Promise<void> {
  try {
    await act(host, action, signal);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    const hint = 'hint' in action ? action.hint : undefined;
    throw new TimeoutError(`${describe(action)}: ${error.message}`, {
      hint: hint ?? `find out what blocks it on ${host.name}`,
      cause: error,
    });
  }
}

async function act(host: Host, action: Action, signal: AbortSignal | undefined): Promise<void> {
  const options = {signal, timeoutMs: DEFAULT_LIMIT_MS};
  switch (action.kind) {
    case 'run': {
      const stdin = action.stdin instanceof Secret ? action.stdin.reveal() : action.stdin;
      const result = await host.exec(action.argv, {...options, timeoutMs: action.timeoutMs ?? DEFAULT_LIMIT_MS, stdin});
      if (result.code !== 0) throw new CommandError(host.name, action.argv, result, {hint: hintOf(action, result.stderr)});
      return;
    }
    case 'script': {
      const result = await script(host, action.script, {...options, timeoutMs: action.timeoutMs ?? DEFAULT_LIMIT_MS});
      if (result.code !== 0) throw new CommandError(host.name, [describe(action)], result, {hint: hintOf(action, result.stderr)});
      return;
    }
    case 'write':
      await writeFile(host, action.path, action.content, {mode: action.mode, signal});
      return;
    case 'upload':
      await upload(host, action.path, action.localFile, {mode: action.mode, signal});
      return;
    case 'remove':
      await run(host, ['rm', '-rf', '--one-file-system', '--', action.path], options);
      return;
    case 'systemctl':
      await systemctl(host, action.verb, action.units, options, action.hint);
      return;
    case 'feed':
      await run(host, action.argv, {
        ...options,
        timeoutMs: STREAM_LIMIT_MS,
        stdin: createReadStream(action.localFile, {highWaterMark: 1 << 20}),
      });
      return;
    case 'fetch':
      await fetchStream(host, action.argv, action.localFile, {...options, timeoutMs: STREAM_LIMIT_MS});
      return;
    case 'download':
      await download(host, action, options);
  }
}

/** Decided by what the command reported, where the action knows what that means. */
function hintOf({hint, hints = []}: RunAction | ScriptAction, stderr: string): string | undefined {
  return hints.find(({when}) => when.test(stderr))?.hint ?? hint;
}

async function systemctl(
  host: Host,
  verb: string,
  units: readonly string[],
  options: {readonly signal: AbortSignal | undefined; readonly timeoutMs: number},
  hint?: string,
): Promise<void> {
  const argv = ['systemctl', '--quiet', verb, ...units];
  const result = await host.exec(argv, options);
  if (result.code === 0) return;
  // systemd reports only that it failed
  throw new CommandError(host.name, argv, result, {
    hint: hint ?? `see \`journalctl -u ${units[0] ?? ''}\` on ${host.name}`,
    journal: await lastLinesOf(host, units, options.signal),
  });
}

/** Writes what a command prints into a local file, which is complete or does not exist. */
async function fetchStream(
  host: Host,
  argv: readonly string[],
  localFile: string,
  options: {readonly signal: AbortSignal | undefined; readonly timeoutMs: number},
): Promise<void> {
  await mkdir(dirname(localFile), {recursive: true});
  const partial = `${localFile}.${process.pid}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await run(host, argv, {...options, onStdout: (chunk) => file.appendFile(chunk)});
    await file.sync();
    await rename(partial, localFile);
  } finally {
    await file.close();
    await rm(partial, {force: true});
  }
}

/** Runs curl on the host; the file is moved into place only if its hash is right. */
async function download(
  host: Host,
  action: {readonly url: string; readonly sha256?: string | undefined; readonly path: string; readonly mode: number},
  options: {readonly signal: AbortSignal | undefined; readonly timeoutMs: number},
): Promise<void> {
  const id = sha256(action.url).slice(0, 8);
  const partial = quote(`${action.path}.${id}.partial`);
  const check = action.sha256
    ? `echo ${quote(`${action.sha256}  `)}${partial} | sha256sum -c - >/dev/null || { echo "sha256 differs from the pinned one: $(sha256sum < ${partial})" >&2; exit 1; }`
    : ':';
  const text = `set -e
trap 'rm -f ${partial}' EXIT
trap 'exit 1' HUP INT PIPE TERM
curl -fsSL --connect-timeout 15 --retry 3 -o ${partial} ${quote(action.url)}
${check}
chmod ${action.mode.toString(8)} ${partial}
mv ${partial} ${quote(action.path)}`;
  const result = await script(host, text, options);
  if (result.code !== 0) {
    const hint = `can ${host.name} reach it? The cluster file may name a mirror's URL or a local path instead`;
    throw new CommandError(host.name, ['curl', action.url], result, {hint});
  }
}
