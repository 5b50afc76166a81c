import {createWriteStream, writeFileSync} from 'node:fs';
import {chmod, copyFile} from 'node:fs/promises';
import {get, type IncomingMessage} from 'node:http';
import {get as getSecure} from 'node:https';
import {basename, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {CommandUri} from '../common/wire.js';
import {LaunchError} from './containers/container.js';
import {runCommand} from './processes.js';
import type {TaskRecord} from './task-record.js';
import type {User} from './users.js';

const MAX_REDIRECTS = 10;

/**
 * Fetches the URIs of a command into the sandbox: local files, http and https. The sandbox is then given to the user of the task.
 * @param owner undefined to keep the agent's user as the owner
 * @param signal aborted when the launch is canceled or times out
 * @throws {LaunchError}
 */
export async function fetchUris(record: TaskRecord, owner: User | undefined, signal: AbortSignal): Promise<void> {
  const uris = record.task.command?.uris ?? [];
  for (const uri of uris) {
    try {
      await fetchUri(uri, record.sandbox, signal);
    } catch (error) {
      writeFileSync(join(record.sandbox, 'stderr'), `Failed to fetch '${uri.value}': ${String(error)}\n`, {flag: 'a'});
      const message = `Failed to launch container: Failed to fetch all URIs for container '${record.containerId}': exited with status 1`;
      throw new LaunchError(message);
    }
  }
  // Archives contain further files, so the owner of the whole sandbox is changed, as Mesos' fetcher does. -h: links are not followed.
  if (owner && uris.length > 0) await run(['chown', '-hR', `${owner.uid}:${owner.gid}`, record.sandbox], signal);
}

async function fetchUri(uri: CommandUri, sandbox: string, signal: AbortSignal): Promise<void> {
  const name = uri.output_file ?? basename(uri.value.replace(/[?#].*$/, ''));
  const path = join(sandbox, name);
  if (/^https?:/.test(uri.value)) await download(uri.value, path, signal);
  else await copyFile(uri.value.replace(/^file:\/\//, ''), path);
  if (uri.executable) await chmod(path, 0o755);
  else if (uri.extract !== false) {
    if (/\.(tar|tgz|tar\.gz|tbz2|tar\.bz2|txz|tar\.xz)$/.test(name)) await run(['tar', '-C', sandbox, '-xf', path], signal);
    else if (name.endsWith('.zip')) await run(['unzip', '-o', '-d', sandbox, path], signal);
  }
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const result = await runCommand(argv, {signal});
  if (result.code !== 0) throw new Error(result.stderr);
}

async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
  let location = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await request(location, signal);
    const {statusCode = 0, headers} = response;
    if (statusCode === 200) return pipeline(response, createWriteStream(path), {signal});
    // The body of the response is not needed and may never end.
    response.destroy();
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) throw new Error(`status ${statusCode}`);
    location = new URL(headers.location, location).href;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

function request(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    (url.startsWith('https:') ? getSecure : get)(url, {signal, agent: false}, resolve).on('error', reject);
  });
}
