import * as nodeFs from 'node:fs';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type FileSystem, readJsonFile, replaceLink, writeJsonFile} from '../../src/common/durable-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hw5-mesos-'));
});
afterEach(() => rmSync(directory, {recursive: true, force: true}));

/** The real file system, with a list of the calls made: `write a.json.tmp`. Paths are relative to the test's directory, which is `.`. */
function observedFs(): {readonly fs: FileSystem; readonly calls: string[]} {
  const calls: string[] = [];
  const paths = new Map<number, string>();
  const short = (path: string): string => relative(directory, path) || '.';
  const fs: FileSystem = {
    mkdirSync: (path, options) => nodeFs.mkdirSync(path, options),
    openSync: (path, flags, mode) => {
      const file = nodeFs.openSync(path, flags, mode);
      paths.set(file, short(path));
      return file;
    },
    writeFileSync: (file, data) => {
      calls.push(`write ${paths.get(file)}`);
      nodeFs.writeFileSync(file, data);
    },
    fsyncSync: (file) => {
      calls.push(`fsync ${paths.get(file)}`);
      nodeFs.fsyncSync(file);
    },
    closeSync: (file) => nodeFs.closeSync(file),
    renameSync: (from, to) => {
      calls.push(`rename ${short(from)} to ${short(to)}`);
      nodeFs.renameSync(from, to);
    },
    rmSync: (path, options) => nodeFs.rmSync(path, options),
    symlinkSync: (target, path) => {
      calls.push(`symlink ${short(path)}`);
      nodeFs.symlinkSync(target, path);
    },
  };
  return {fs, calls};
}

describe('a JSON file', () => {
  it('is on disk before it replaces the old one, and so is its name', () => {
    const {fs, calls} = observedFs();
    writeJsonFile(join(directory, 'a.json'), {old: true});
    writeJsonFile(join(directory, 'a.json'), {old: false}, fs);
    expect(calls).toEqual(['write a.json.tmp', 'fsync a.json.tmp', 'rename a.json.tmp to a.json', 'fsync .']);
    expect(readJsonFile(join(directory, 'a.json'))).toEqual({old: false});
    expect(readdirSync(directory)).toEqual(['a.json']);
  });

  it('is not lost with the directories that were created for it', () => {
    const {fs, calls} = observedFs();
    mkdirSync(join(directory, 'x'));
    writeJsonFile(join(directory, 'x/y/z/a.json'), 1, fs);
    expect(calls).toEqual([
      ...['fsync x/y', 'fsync x'],
      ...['write x/y/z/a.json.tmp', 'fsync x/y/z/a.json.tmp', 'rename x/y/z/a.json.tmp to x/y/z/a.json', 'fsync x/y/z'],
    ]);
  });

  it('can be read by its owner only', () => {
    writeJsonFile(join(directory, 'a.json'), 1);
    expect(statSync(join(directory, 'a.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps its old value when the new one cannot be written', () => {
    const path = join(directory, 'a.json');
    writeJsonFile(path, 1);
    const {fs} = observedFs();
    const failing: FileSystem = {
      ...fs,
      fsyncSync: () => {
        throw new Error('no space left on device');
      },
    };
    expect(() => writeJsonFile(path, 2, failing)).toThrow('no space left on device');
    expect(readJsonFile(path)).toBe(1);
  });

  it('that does not exist is undefined, and one that is cut off is an error', () => {
    expect(readJsonFile(join(directory, 'none.json'))).toBeUndefined();
    writeFileSync(join(directory, 'cut.json'), '{"a":');
    expect(() => readJsonFile(join(directory, 'cut.json'))).toThrow(SyntaxError);
    expect(readFileSync(join(directory, 'cut.json'), 'utf8')).toBe('{"a":');
  });
});

describe('a symbolic link', () => {
  it('is replaced in one step, so that there is always one', () => {
    const {fs, calls} = observedFs();
    symlinkSync('old', join(directory, 'latest'));
    symlinkSync('unfinished', join(directory, 'latest.tmp'));
    replaceLink(join(directory, 'latest'), 'new', fs);
    expect(calls).toEqual(['symlink latest.tmp', 'rename latest.tmp to latest', 'fsync .']);
    expect(readlinkSync(join(directory, 'latest'))).toBe('new');
    expect(readdirSync(directory)).toEqual(['latest']);
  });
});
