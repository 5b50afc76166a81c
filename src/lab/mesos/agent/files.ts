import {closeSync, openSync, readdirSync, readSync, realpathSync, type Stats, statSync} from 'node:fs';
import {join, sep} from 'node:path';
import type {Reply} from '../common/http-server.js';
import {groupName, userName} from './users.js';

const MAX_LENGTH = 16 * 4096;

/** /files/browse and /files/read: sandboxes only, whatever links in them point at. */
export function filesApi(workDir: string, action: string, query: URLSearchParams): Reply {
  const wanted = query.get('path');
  if (wanted === null || wanted === '') return {status: 400, text: "Expecting 'path=value' in query.\n"};
  const path = confine(workDir, wanted);
  if (path === undefined) return {status: 404, text: '404 Not Found.'};
  if (action === 'browse')
    return statSync(path).isDirectory() ? {status: 200, json: browse(wanted, path)} : {status: 400, text: 'Not a directory.\n'};
  if (statSync(path).isDirectory()) return {status: 400, text: 'Cannot read from a directory.\n'};
  if (action === 'download') return {status: 200, text: readPart(path, 0, statSync(path).size)};
  const [offset, length] = [query.get('offset'), query.get('length')].map((text) => (text === null ? undefined : Number(text)));
  if ((offset !== undefined && !Number.isInteger(offset)) || (length !== undefined && !Number.isInteger(length))) {
    return {status: 400, text: 'Failed to parse offset or length.\n'};
  }
  const {size} = statSync(path);
  // -1 asks how long the file is.
  if (offset === undefined || offset === -1) return {status: 200, json: {data: '', offset: size}};
  return {
    status: 200,
    json: {data: readPart(path, offset, Math.min(length === undefined || length < 0 ? MAX_LENGTH : length, MAX_LENGTH)), offset},
  };
}

function confine(workDir: string, wanted: string): string | undefined {
  try {
    const root = realpathSync(join(workDir, 'slaves'));
    const path = realpathSync(wanted);
    return path === root || path.startsWith(root + sep) ? path : undefined;
  } catch {
    return undefined;
  }
}

function browse(shown: string, directory: string): object[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const stats = statSync(join(directory, name), {throwIfNoEntry: false});
      if (!stats) return [];
      return [
        {
          gid: groupName(stats.gid),
          mode: modeText(stats),
          mtime: Math.floor(stats.mtimeMs / 1000),
          nlink: stats.nlink,
          path: join(shown, name),
          size: stats.size,
          uid: userName(stats.uid),
        },
      ];
    });
}

/** As `ls -l` shows it. */
function modeText(stats: Stats): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((stats.mode >> (8 - index)) & 1 ? letter : '-')).join('');
  return (stats.isDirectory() ? 'd' : '-') + bits;
}

function readPart(path: string, offset: number, length: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, length, offset));
  } finally {
    closeSync(file);
  }
}
