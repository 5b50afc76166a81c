import {once} from 'node:events';
import {PassThrough, Readable} from 'node:stream';
import {inspect} from 'node:util';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {Secret} from '../../../src/host/command.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {SKIP_SCRIPT, SudoHost} from '../../../src/host/sudo.js';
import {ConnectError, InterruptedError, TimeoutError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';

const PROBE = ['sudo', '-k', '-n', 'true'];
const CHECK = ['sudo', '-k', '-S', '-p', '', 'true'];
const NEEDED = {code: 1, stderr: 'sudo: a password is required\n'};
const WRONG = {code: 1, stderr: 'sudo: no password was provided\nsudo: 1 incorrect password attempt\n'};
const SENTINEL = 'sentinel-4711';

function sudo(base: FakeHost, password?: string) {
  let asked = 0;
  const host = new SudoHost(base, {
    user: 'hw5',
    passwordHint: 'give the password',
    password: async () => {
      asked++;
      return password === undefined ? undefined : new Secret(password);
    },
  });
  return {host, asked: () => asked};
}

describe('sudo without a password', () => {
  it('is found out once, with the first commands, and asks for nothing', async () => {
    const base = new FakeHost('node0').on(PROBE).on(/ id -u$/, '0\n');
    const {host, asked} = sudo(base, SENTINEL);
    await Promise.all([host.exec(['id', '-u']), host.exec(['id', '-u'])]);
    expect((await host.exec(['id', '-u'], {stdin: 'input'})).stdout).toBe('0\n');
    expect(base.commands.filter((command) => command === PROBE.join(' '))).toHaveLength(1);
    expect(base.calls.at(-1)).toEqual({
      argv: ['sudo', '-n', '--', 'env', 'LC_ALL=C.UTF-8', 'id', '-u'],
      stdin: Buffer.from('input'),
      asRoot: false,
    });
    expect(asked()).toBe(0);
  });

  it('is not looked for before it is needed', async () => {
    const base = new FakeHost();
    sudo(base).host.asRoot();
    expect(base.calls).toEqual([]);
  });
});

describe('sudo with a password', () => {
  const scripted = () =>
    new FakeHost('node2')
      .on(/^sudo -k -S -p {2}-- sh -c/)
      .on(PROBE, NEEDED)
      .on(CHECK);

  it.each([
    ['nothing', undefined, ''],
    ['text', 'text', 'text'],
    ['bytes', Buffer.from('bytes'), 'bytes'],
    ['a stream', Readable.from(['str', 'eam']), 'stream'],
  ])('sends it as the first line of standard input, before %s', async (_, stdin, own) => {
    const base = scripted();
    await sudo(base, SENTINEL).host.exec(['cat'], {stdin});
    const [, check, command] = base.calls;
    expect(check!.stdin.toString()).toBe(`${SENTINEL}\n`);
    const marker = command!.argv[command!.argv.indexOf('sh') + 4];
    expect(command!.stdin.toString()).toBe(`${SENTINEL}\n${marker}\n${own}`);
    expect(command!.argv.slice(-3)).toEqual(['env', 'LC_ALL=C.UTF-8', 'cat']);
  });

  it('lets go of input that stays open when nobody reads it any more', async () => {
    const input = new PassThrough();
    const base = new FakeHost('node2').on(PROBE, NEEDED).on(CHECK);
    const exec = base.exec.bind(base);
    base.exec = async (argv, options) => {
      if (!argv.includes('head')) return exec(argv, options);
      const stdin = options!.stdin as Readable;
      for await (const _ of stdin) break;
      return {code: 0, stdout: '', stderr: ''};
    };
    await sudo(base, SENTINEL).host.exec(['head', '-n1'], {stdin: input});
    if (!input.closed) await once(input, 'close');
    expect(input.destroyed).toBe(true);
  });

  it('shows it nowhere', async () => {
    const base = scripted();
    const {host} = sudo(base, SENTINEL);
    await host.exec(['cat']);
    expect(inspect(base.calls.map(({argv}) => argv))).not.toContain(SENTINEL);
    expect(inspect(host, {depth: 9})).not.toContain(SENTINEL);
    expect(JSON.stringify(host)).not.toContain(SENTINEL);
  });

  it('tries a wrong one exactly once, however many commands come', async () => {
    const base = new FakeHost('node2').on(PROBE, NEEDED).on(CHECK, WRONG);
    const {host, asked} = sudo(base, SENTINEL);
    const results = await Promise.allSettled([host.exec(['id']), host.exec(['id'])]);
    results.push(...(await Promise.allSettled([host.exec(['id'])])));
    expect(base.calls.map(({argv}) => argv)).toEqual([PROBE, CHECK]);
    expect(asked()).toBe(1);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {message: 'sudo on node2 refused hw5: 1 incorrect password attempt'},
      });
      expect(inspect(result, {depth: 9})).not.toContain(SENTINEL);
    }
  });

  it('says what to do when there is none', async () => {
    const base = new FakeHost('node2').on(PROBE, NEEDED);
    const error = await sudo(base)
      .host.exec(['id'])
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as ConnectError).message).toBe('sudo on node2 asks for the password of hw5, and none was given');
    expect((error as ConnectError).hint).toBe('give the password');
    expect(base.calls).toHaveLength(1);
  });

  it.each([
    ['the password and the marker', `${SENTINEL}\nM\nrest\nof it\n`],
    ['only the marker, because sudo took the password', 'M\nrest\nof it\n'],
  ])('gives the command its own input after %s', async (_, stdin) => {
    const result = await new LocalHost().exec(['sh', '-c', SKIP_SCRIPT, 'sh', 'M', 'cat', '-'], {stdin});
    expect(result.stdout).toBe('rest\nof it\n');
  });
});

describe('a sudo that does not answer', () => {
  afterEach(() => vi.useRealTimers());
  const silent = () => new Promise<never>(() => {});

  it.each([
    ['whether it wants a password', () => new FakeHost('node0').on(PROBE, silent)],
    ['whether the password is right', () => new FakeHost('node0').on(PROBE, NEEDED).on(CHECK, silent)],
  ])('is given up: %s', async (_, make) => {
    vi.useFakeTimers();
    const error = sudo(make(), SENTINEL)
      .host.exec(['id'])
      .catch((caught: unknown) => caught);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await error).toMatchObject({message: 'sudo on node0 did not finish within 30 s'});
  });

  it('ends with Ctrl-C, and is asked again by the next command', async () => {
    const base = new FakeHost('node0').on(PROBE, silent, '').on(/ id$/, '0\n');
    const {host} = sudo(base);
    await expect(host.exec(['id'], {signal: AbortSignal.timeout(20)})).rejects.toThrow(InterruptedError);
    expect((await host.exec(['id'])).stdout).toBe('0\n');
  });
});

it('says when there is no sudo', async () => {
  const base = new FakeHost('node0').on(PROBE, {code: 127, stderr: "env: 'sudo': No such file or directory\n"});
  await expect(sudo(base).host.exec(['id'])).rejects.toMatchObject({
    message: 'there is no sudo on node0',
    hint: expect.stringContaining('ssh.user'),
  });
});

it.each([
  ['at its time limit', () => ({timeoutMs: 20}), TimeoutError, 'sleep on node0 did not finish within 0.02 s'],
  ['when it is interrupted', () => ({signal: AbortSignal.timeout(20)}), InterruptedError, 'sleep on node0 was interrupted'],
])('ends a command as root %s, because the login may not', async (_, options, type, message) => {
  const base = new FakeHost('node0')
    .on(PROBE)
    .on(/ sleep 9$/, () => new Promise(() => {}))
    .on(/^sudo -n -- sh -c marked/);
  const error = await sudo(base)
    .host.exec(['sleep', '9'], options())
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toBe(message);
  const [, sleep, end] = base.calls;
  const mark = /HW5_EXEC=(\S+)/.exec(sleep!.argv.join(' '))?.[1];
  expect(mark).toBeTruthy();
  expect(end!.argv.at(-1)).toBe(mark);
});
