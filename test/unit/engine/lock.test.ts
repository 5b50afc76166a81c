import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {access, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BusyError, lockHost} from '../../../src/engine/lock.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {ConnectError, InterruptedError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

describe('the lock of a host, with a real shell', () => {
  const host = new LocalHost({name: 'node1'});
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-lock-'));
    path = join(directory, 'the lock');
  });
  afterEach(() => rm(directory, {recursive: true}));

  /** Takes the lock as soon as it is free. */
  async function taken(): Promise<AsyncDisposable> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await lockHost(host, 'next', undefined, path);
      } catch (error) {
        if (!(error instanceof BusyError) || attempt > 100) throw error;
        await delay(50);
      }
    }
  }

  it('fails for a second run with the name of the holder', async () => {
    await using _ = await lockHost(host, "hw5 up of ann@desk, it's her", undefined, path);
    const second = await lockHost(host, 'me', undefined, path).catch((error: unknown) => error);
    expect(second).toBeInstanceOf(BusyError);
    expect(second).toMatchObject({
      message: "node1 is locked by another run: hw5 up of ann@desk, it's her",
      hint: expect.stringContaining('wait until that run ends'),
    });
  });

  it('is free when it is released, and its file is removed', async () => {
    const first = await lockHost(host, 'first', undefined, path);
    await first[Symbol.asyncDispose]();
    await expect(access(path)).rejects.toThrow();
    const second = await lockHost(host, 'second', undefined, path);
    await second[Symbol.asyncDispose]();
    await expect(access(path)).rejects.toThrow();
  });

  it('changes no command while it is held', async () => {
    await using lock = await lockHost(host, 'me', undefined, path);
    const argv = ['sh', '-c', 'cat; echo "$1"; echo no >&2; exit 7', 'sh', "it's -n"];
    expect(await lock.host.exec(argv, {stdin: 'in\n'})).toEqual({code: 7, stdout: "in\nit's -n\n", stderr: 'no\n'});
    // the code that the lock itself would use is a command's own business too
    expect((await lock.host.exec(['sh', '-c', 'exit 76'])).code).toBe(76);
    await expect(lock.host.exec(['sleep', '60'], {timeoutMs: 50})).rejects.toThrow('sleep on node1 did not finish within 0.05 s');
  });

  it('lets no command start once it is lost, also when another run holds it', async () => {
    const late = await lockHost(host, 'late', undefined, path);
    const made = join(directory, 'made');
    const change = () => late.host.exec(['touch', made]);
    // as the host does it at the end of the lease
    await late[Symbol.asyncDispose]();
    const refusal = {constructor: ConnectError, message: expect.stringContaining('lost the lock on node1')};
    await expect(change()).rejects.toMatchObject(refusal);
    await using _ = await taken();
    await expect(change()).rejects.toMatchObject(refusal);
    await expect(access(made)).rejects.toThrow();
  });

  it('can be taken although its file exists', async () => {
    await writeFile(path, 'a run of last year\n');
    await using _ = await lockHost(host, 'me', undefined, path);
    await expect(lockHost(host, 'you', undefined, path)).rejects.toThrow('node1 is locked by another run: me');
  });

  it('is taken by one of many runs that start at the same time', async () => {
    const asked = await Promise.allSettled([1, 2, 3, 4, 5].map((who) => lockHost(host, `number ${who}`, undefined, path)));
    const holders = asked.filter((one) => one.status === 'fulfilled');
    expect(holders).toHaveLength(1);
    await Promise.all(holders.map((one) => one.value[Symbol.asyncDispose]()));
  });

  it('is free when the controller that holds it is killed', async () => {
    const holder = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'test/support/hold-lock.ts'), path], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await expect(lockHost(host, 'me', undefined, path)).rejects.toThrow('a controller that dies');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await taken())[Symbol.asyncDispose]();
  });

  it('is free when the run that holds it is interrupted', async () => {
    const abort = new AbortController();
    const lock = await lockHost(host, 'first', abort.signal, path);
    abort.abort();
    // before it is given back; on a busy host its process may be killed before it has removed its file
    const next = await taken();
    await lock[Symbol.asyncDispose]();
    await next[Symbol.asyncDispose]();
  });

  it('fails with the reason when it cannot be taken', async () => {
    const error = await lockHost(host, 'me', undefined, '/no/such/directory/lock').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({message: expect.stringMatching(/^cannot lock node1: .*\/no\/such\/directory\/lock/)});
  });
});

describe('the lock of a host that does not answer', () => {
  const isLock = ({argv}: {argv: readonly string[]}) => argv[2]?.includes('flock') === true;

  it('fails with the connection', async () => {
    const lost = new ConnectError('b', 'the connection to b was lost');
    await expect(
      lockHost(
        new FakeHost('b').onDialog(isLock, async () => lost),
        'me',
      ),
    ).rejects.toBe(lost);
  });

  it('does not block an interruption', async () => {
    const abort = new AbortController();
    const host = new FakeHost('b').onDialog(isLock, () => new Promise(() => {}));
    setTimeout(() => abort.abort(), 5);
    await expect(lockHost(host, 'me', abort.signal)).rejects.toThrow(InterruptedError);
  });

  it('can be released after the connection was lost', async () => {
    let lose = (_: ConnectError): void => {};
    const host = new FakeHost('b').onDialog(isLock, (_, say) => {
      say('locked\n');
      return new Promise((resolve) => {
        lose = resolve;
      });
    });
    const lock = await lockHost(host, 'me');
    lose(new ConnectError('b', 'the connection to b was lost'));
    await lock[Symbol.asyncDispose]();
  });
});
