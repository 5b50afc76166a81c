import {spawnSync} from 'node:child_process';
import {expect, test} from 'vitest';
import {tar} from '../../../../src/components/images/tar.js';

const file = (path: string, content: string, mode = 0o644) => ({path, mode, content: Buffer.from(content)});

test('GNU tar reads what was written', () => {
  const archive = tar([file('entrypoint.sh', 'x'.repeat(512), 0o755), file('Dockerfile', 'FROM x\n'), file('empty', '')]);
  const list = spawnSync('tar', ['-tvf', '-', '--utc', '--full-time', '--numeric-owner'], {input: archive, encoding: 'utf8'});
  expect(list.stderr).toBe('');
  expect(list.stdout.trim().split('\n')).toEqual(
    [
      '-rw-r--r-- 0/0               7 1970-01-01 00:00:00 Dockerfile',
      '-rw-r--r-- 0/0               0 1970-01-01 00:00:00 empty',
      '-rwxr-xr-x 0/0             512 1970-01-01 00:00:00 entrypoint.sh',
    ].map((line) => expect.stringMatching(new RegExp(line.replace(/ +/g, ' +')))),
  );
  expect(spawnSync('tar', ['-xOf', '-', 'Dockerfile'], {input: archive, encoding: 'utf8'}).stdout).toBe('FROM x\n');
});

test('the order in which files are given does not matter', () => {
  expect(tar([file('a', '1'), file('b', '2')])).toEqual(tar([file('b', '2'), file('a', '1')]));
});

test('a path that is too long is rejected, not truncated', () => {
  expect(() => tar([file('x'.repeat(101), '')])).toThrow(RangeError);
});
