import {closeSync, createReadStream, openSync, readdirSync, readSync, realpathSync, type Stats, statSync} from 'node:fs';
import type {ServerResponse} from 'node:http';
import {basename, dirname, join, sep} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {notFound, type Reply, writeHead} from '../common/http-server.js';
import type {EndpointContext} from './endpoint-context.js';
import {groupName, userName} from './users.js';

const MAX_LENGTH = 16 * 4096;

/** Which files are served: those below WORK_DIR/slaves, after links have been resolved. */
export interface FilesRoot {
  readonly workDir: string;
  /** Undefined before the agent is registered. */
  readonly agentId: string | undefined;
}

export function filesRoot({agent, flags}: EndpointContext): FilesRoot {
  return {workDir: flags.required('work_dir'), agentId: agent.info.id?.value};
}

/** /files/browse, /files/read and /files/download. */
export function filesApi(root: FilesRoot, action: string, query: URLSearchParams, response: ServerResponse): Reply {
  const requested = query.get('path');
  if (requested === null || requested === '') return {status: 400, text: "Expecting 'path=value' in query.\n"};
  const path = findFile(root, requested);
  if (path === undefined) return notFound();
  const isDirectory = statSync(path).isDirectory();
  if (action === 'browse')
    return isDirectory
      ? {status: 200, json: listFiles(requested, path).map(listedFile)}
      : {status: 400, text: 'Not a directory.\n'};
  if (isDirectory) return {status: 400, text: 'Cannot read from a directory.\n'};
  if (action === 'download') return download(path, response);
  const [offset, length] = [query.get('offset'), query.get('length')].map((text) => (text === null ? undefined : Number(text)));
  if ((offset !== undefined && !Number.isInteger(offset)) || (length !== undefined && !Number.isInteger(length))) {
    return {status: 400, text: 'Failed to parse offset or length.\n'};
  }
  // The offset -1 requests the size of the file.
  if (offset === undefined || offset === -1) return {status: 200, json: {data: '', offset: statSync(path).size}};
  return {status: 200, json: {data: readPart(path, offset, length).toString('utf8'), offset}};
}

/**
 * The real path of a file that may be served; undefined for any other.
 * @param requested a path below WORK_DIR/slaves, or Mesos' virtual path of a sandbox: /frameworks/F/executors/E/runs/latest
 */
export function findFile({workDir, agentId}: FilesRoot, requested: string): string | undefined {
  const slaves = join(workDir, 'slaves');
  const isVirtual = agentId !== undefined && /^\/frameworks\/[^/]+\/executors\/[^/]+\/runs\/[^/]+/.test(requested);
  try {
    const root = realpathSync(slaves);
    const path = realpathSync(isVirtual ? join(slaves, agentId, requested) : requested);
    return path === root || path.startsWith(root + sep) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The content of /files/debug: the real paths of the virtual paths, which are those of sandboxes. */
export function attachedFiles({agent}: EndpointContext): Record<string, string> {
  return Object.fromEntries(
    [...agent.tasks, ...agent.completed].flatMap(({framework, task, sandbox}) => [
      [sandbox, sandbox],
      [join(dirname(sandbox), 'latest'), sandbox],
      [`/frameworks/${framework.id!.value}/executors/${task.task_id.value}/runs/latest`, sandbox],
    ]),
  );
}

/** Streams a file as it is. */
function download(path: string, response: ServerResponse): undefined {
  const {size} = statSync(path);
  writeHead(response, 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename=${basename(path)}`,
    'Content-Length': size,
  });
  if (size === 0) response.end();
  // Only the announced length is sent, even if a task appends to the file meanwhile. An error means that the client has disconnected.
  else pipeline(createReadStream(path, {end: size - 1}), response).catch(() => response.destroy());
  return undefined;
}

/** The files of a directory. Their paths begin with the requested path. */
export function listFiles(requested: string, directory: string): {readonly path: string; readonly stats: Stats}[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const stats = statSync(join(directory, name), {throwIfNoEntry: false});
      return stats ? [{path: join(requested, name), stats}] : [];
    });
}

function listedFile({path, stats}: {readonly path: string; readonly stats: Stats}): object {
  return {
    gid: groupName(stats.gid),
    mode: modeText(stats),
    mtime: Math.floor(stats.mtimeMs / 1000),
    nlink: stats.nlink,
    path,
    size: stats.size,
    uid: userName(stats.uid),
  };
}

/** The mode as `ls -l` prints it. */
function modeText(stats: Stats): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((stats.mode >> (8 - index)) & 1 ? letter : '-')).join('');
  return (stats.isDirectory() ? 'd' : '-') + bits;
}

/** A part of a file, at most as long as Mesos returns in one response. */
export function readPart(path: string, offset: number, length: number | undefined): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(length === undefined || length < 0 ? MAX_LENGTH : length, MAX_LENGTH));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(file);
  }
}
