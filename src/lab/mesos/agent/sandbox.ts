import {chmodSync, chownSync, copyFileSync, createWriteStream, mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {get} from 'node:http';
import {get as getSecure} from 'node:https';
import {basename, dirname, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {CommandUri} from '../common/wire.js';
import {LaunchError} from './containers/container.js';
import {runCommand} from './processes.js';
import type {TaskRecord} from './task-record.js';
import {findUser} from './users.js';

/** Where a run of a task keeps its files, as in genuine Mesos. */
export function sandboxPath(workDir: string, agentId: string, frameworkId: string, taskId: string, containerId: string): string {
  return join(workDir, 'slaves', agentId, 'frameworks', frameworkId, 'executors', taskId, 'runs', containerId);
}

/**
 * Makes the sandbox, owned by the task's user.
 * @throws {LaunchError}
 */
export function makeSandbox(record: TaskRecord): void {
  const name = record.task.command?.user ?? record.framework.user;
  const user = findUser(name);
  if (!user) {
    const message = `Failed to create executor directory '${record.sandbox}': Failed to chown directory to '${name}': No such user '${name}'`;
    throw new LaunchError(message, 'TASK_LOST', 'REASON_EXECUTOR_TERMINATED');
  }
  mkdirSync(record.sandbox, {recursive: true});
  const latest = join(dirname(record.sandbox), 'latest');
  rmSync(latest, {force: true});
  symlinkSync(record.sandbox, latest);
  for (const path of ['stdout', 'stderr']) writeFileSync(join(record.sandbox, path), '', {flag: 'a'});
  if (process.getuid?.() !== 0) return;
  for (const path of ['', 'stdout', 'stderr']) chownSync(join(record.sandbox, path), user.uid, user.gid);
}

/**
 * Fetches the command's URIs into the sandbox: files of this machine, http and https.
 * @throws {LaunchError}
 */
export async function fetchUris(record: TaskRecord): Promise<void> {
  for (const uri of record.task.command?.uris ?? []) {
    try {
      await fetchUri(uri, record.sandbox);
    } catch (error) {
      writeFileSync(join(record.sandbox, 'stderr'), `Failed to fetch '${uri.value}': ${String(error)}\n`, {flag: 'a'});
      const message = `Failed to launch container: Failed to fetch all URIs for container '${record.containerId}': exited with status 1`;
      throw new LaunchError(message);
    }
  }
}

async function fetchUri(uri: CommandUri, sandbox: string): Promise<void> {
  const name = uri.output_file ?? basename(uri.value.replace(/[?#].*$/, ''));
  const path = join(sandbox, name);
  if (/^https?:/.test(uri.value)) await download(uri.value, path);
  else copyFileSync(uri.value.replace(/^file:\/\//, ''), path);
  if (uri.executable) chmodSync(path, 0o755);
  else if (uri.extract !== false && /\.(tar|tgz|tar\.gz|tar\.xz|tar\.bz2)$/.test(name)) {
    const result = await runCommand(['tar', '-C', sandbox, '-xf', path]);
    if (result.code !== 0) throw new Error(result.stderr);
  }
}

function download(url: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    (url.startsWith('https:') ? getSecure : get)(url, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      pipeline(response, createWriteStream(path)).then(resolve, reject);
    }).on('error', reject);
  });
}
