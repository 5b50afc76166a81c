import {expect, it} from 'vitest';
import {readFile, writeFile} from '../../../src/host/files.js';
import {FakeHost} from '../../support/fake-host.js';

it('fails on a command it was not told about, and again at the end', async () => {
  const host = new FakeHost('node0');
  await expect(host.asRoot().exec(['reboot'])).rejects.toThrow('unscripted on node0: # ["reboot"]');
  await expect(readFile(host, '/etc/x')).rejects.toThrow('reading /etc/x');
  await expect(host.reconnect()).rejects.toThrow('reconnect()');
  await expect(host[Symbol.asyncDispose]()).rejects.toThrow('# ["reboot"]\nreading /etc/x');
});

it('answers in order, the last answer for ever, the last rule first', async () => {
  const host = new FakeHost().on(/^a/, 'any').on(['a', 'b'], '1', {code: 2});
  const ask = async (...argv: string[]) => (await host.exec(argv)).stdout;
  expect([
    await ask('a', 'b'),
    await ask('a', 'c'),
    (await host.exec(['a', 'b'])).code,
    (await host.exec(['a', 'b'])).code,
  ]).toEqual(['1', 'any', 2, 2]);
  expect(host.commands).toEqual(['a b', 'a c', 'a b', 'a b']);
});

it('keeps files with mode and owner, apart from the commands', async () => {
  const host = new FakeHost().withFile('/a', 'old').withoutFile('/b');
  expect([(await readFile(host, '/a'))?.toString(), await readFile(host, '/b')]).toEqual(['old', undefined]);
  await writeFile(host.asRoot(), '/b', 'new', {mode: 0o640, owner: 'root:adm'});
  expect(host.files.get('/b')).toEqual({content: Buffer.from('new'), mode: 0o640, owner: 'root:adm'});
  expect(host.commands).toEqual([]);
  await host[Symbol.asyncDispose]();
});
