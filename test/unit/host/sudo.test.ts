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
  let requested = 0;
  const host = new SudoHost(base, {
    user: 'hw5',
    passwordHint: 'give the password',
    password: async () => {
      requested++;
      return password === undefined ? undefined : new Secret(password);
    },
  });
  return {host, requested: () => requested};
}

describe('sudo without a password', () => {
  it('is detected once, by the first commands, and no password is requested', async () => {
    const base = new FakeHost('node0').on(PROBE).on(/ id -u$/, '0\n');
    const {host, requested} = sudo(base, SENTINEL);
    await Promise.all([host.exec(['id', '-u']), host.exec(['id', '-u'])]);
    expect((await host.exec(['id', '-u'], {stdin: 'input'})).stdout).toBe('0\n');
    expect(base.commands.filter((command) => command === PROBE.join(' '))).toHaveLength(1);
    expect(base.calls.at(-1)).toEqual({
      argv: ['sudo', '-n', '--', 'env', 'LC_ALL=C.UTF-8', 'id', '-u'],
      stdin: Buffer.from('input'),
      asRoot: false,
    });
    expect(requested()).toBe(0);
  });

  it('is not probed before the first command', async () => {
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

  it('closes an input stream that stays open when the command has stopped reading', async () => {
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

  it('never exposes it', async () => {
    const base = scripted();
    const {host} = sudo(base, SENTINEL);
    await host.exec(['cat']);
    expect(inspect(base.calls.map(({argv}) => argv))).not.toContain(SENTINEL);
    expect(inspect(host, {depth: 9})).not.toContain(SENTINEL);
    expect(JSON.stringify(host)).not.toContain(SENTINEL);
  });

  it('tries a wrong one exactly once, for any number of commands', async () => {
    const base = new FakeHost('node2').on(PROBE, NEEDED).on(CHECK, WRONG);
    const {host, requested} = sudo(base, SENTINEL);
    const results = await Promise.allSettled([host.exec(['id']), host.exec(['id'])]);
    results.push(...(await Promise.allSettled([host.exec(['id'])])));
    expect(base.calls.map(({argv}) => argv)).toEqual([PROBE, CHECK]);
    expect(requested()).toBe(1);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {message: 'sudo on node2 rejected hw5: 1 incorrect password attempt'},
      });
      expect(inspect(result, {depth: 9})).not.toContain(SENTINEL);
    }
  });

  it('fails with the configured hint when there is none', async () => {
    const base = new FakeHost('node2').on(PROBE, NEEDED);
    const error = await sudo(base)
      .host.exec(['id'])
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as ConnectError).message).toBe('sudo on node2 requires the password of hw5, and none was given');
    expect((error as ConnectError).hint).toBe('give the password');
    expect(base.calls).toHaveLength(1);
  });

  it.each([
    ['the password and the marker', `${SENTINEL}\nM\nrest\nof it\n`],
    ['only the marker, because sudo has read the password', 'M\nrest\nof it\n'],
  ])('passes the command its own input after %s', async (_, stdin) => {
    const result = await new LocalHost().exec(['sh', '-c', SKIP_SCRIPT, 'sh', 'M', 'cat', '-'], {stdin});
    expect(result.stdout).toBe('rest\nof it\n');
  });
});

describe('a sudo that does not respond', () => {
  afterEach(() => vi.useRealTimers());
  const pending = () => new Promise<never>(() => {});

  it.each([
    ['while it is probed for a password', () => new FakeHost('node0').on(PROBE, pending)],
    ['while the password is checked', () => new FakeHost('node0').on(PROBE, NEEDED).on(CHECK, pending)],
  ])('times out %s', async (_, make) => {
    vi.useFakeTimers();
    const error = sudo(make(), SENTINEL)
      .host.exec(['id'])
      .catch((caught: unknown) => caught);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await error).toMatchObject({message: 'sudo on node0 did not finish within 30 s'});
  });

  it('can be interrupted, and is probed again by the next command', async () => {
    const base = new FakeHost('node0').on(PROBE, pending, '').on(/ id$/, '0\n');
    const {host} = sudo(base);
    await expect(host.exec(['id'], {signal: AbortSignal.timeout(20)})).rejects.toThrow(InterruptedError);
    expect((await host.exec(['id'])).stdout).toBe('0\n');
  });
});

it('reports that sudo is not installed', async () => {
  const base = new FakeHost('node0').on(PROBE, {code: 127, stderr: "env: 'sudo': No such file or directory\n"});
  await expect(sudo(base).host.exec(['id'])).rejects.toMatchObject({
    message: 'sudo is not installed on node0',
    hint: expect.stringContaining('ssh.user'),
  });
});

it.each([
  ['at its time limit', () => ({timeoutMs: 20}), TimeoutError, 'sleep on node0 did not finish within 0.02 s'],
  ['when it is interrupted', () => ({signal: AbortSignal.timeout(20)}), InterruptedError, 'sleep on node0 was interrupted'],
])('terminates a command as root %s, because the login may not', async (_, options, type, message) => {
  const base = new FakeHost('node0')
    .on(PROBE)
    .on(/ sleep 9$/, () => new Promise(() => {}))
    .on(/^sudo -n -- sh -c tagged/);
  const error = await sudo(base)
    .host.exec(['sleep', '9'], options())
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toBe(message);
  const [, sleep, kill] = base.calls;
  const tag = /HW5_EXEC=(\S+)/.exec(sleep!.argv.join(' '))?.[1];
  expect(tag).toBeTruthy();
  expect(kill!.argv.at(-1)).toBe(tag);
});
