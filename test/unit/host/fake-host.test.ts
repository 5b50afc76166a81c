import {expect, it} from 'vitest';
import {readFile, writeFile} from '../../../src/host/files.js';
import {FakeHost} from '../../support/fake-host.js';

it('fails on an unscripted command, and again when it is disposed', async () => {
  const host = new FakeHost('node0');
  await expect(host.asRoot().exec(['reboot'])).rejects.toThrow('unscripted on node0: # ["reboot"]');
  await expect(readFile(host, '/etc/x')).rejects.toThrow('reading /etc/x');
  await expect(host.reconnect()).rejects.toThrow('reconnect()');
  await expect(host[Symbol.asyncDispose]()).rejects.toThrow('# ["reboot"]\nreading /etc/x');
});

it('returns scripted results in order, the last one repeatedly, and prefers the newest rule', async () => {
  const host = new FakeHost().on(/^a/, 'any').on(['a', 'b'], '1', {code: 2});
  const stdoutOf = async (...argv: string[]) => (await host.exec(argv)).stdout;
  expect([
    await stdoutOf('a', 'b'),
    await stdoutOf('a', 'c'),
    (await host.exec(['a', 'b'])).code,
    (await host.exec(['a', 'b'])).code,
  ]).toEqual(['1', 'any', 2, 2]);
  expect(host.commands).toEqual(['a b', 'a c', 'a b', 'a b']);
});

it('keeps files with mode and owner, separate from commands', async () => {
  const host = new FakeHost().withFile('/a', 'old').withoutFile('/b');
  expect([(await readFile(host, '/a'))?.toString(), await readFile(host, '/b')]).toEqual(['old', undefined]);
  await writeFile(host.asRoot(), '/b', 'new', {mode: 0o640, owner: 'root:adm'});
  expect(host.files.get('/b')).toEqual({content: Buffer.from('new'), mode: 0o640, owner: 'root:adm'});
  expect(host.commands).toEqual([]);
  await host[Symbol.asyncDispose]();
});
