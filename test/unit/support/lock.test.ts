import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {InterruptedError, TimeoutError} from '../../../src/support/errors.js';
import {lock} from '../../../src/support/lock.js';

const unique = (): string => `test ${process.pid} ${Math.random()}`;

describe('a lock', () => {
  it('is held by one at a time, and taken by the next when it is released', async () => {
    const name = unique();
    const order: string[] = [];
    const first = await lock(name, 5000);
    const second = lock(name, 5000, {onWait: () => order.push('second waits')}).then((held) => {
      order.push('second holds');
      return held;
    });
    await expect.poll(() => order).toEqual(['second waits']);
    order.push('first releases');
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
    expect(order).toEqual(['second waits', 'first releases', 'second holds']);
  });

  it('times out after a limit, with its name in the error', async () => {
    const name = unique();
    await using _ = await lock(name, 5000);
    await expect(lock(name, 0)).rejects.toThrow(TimeoutError);
    await expect(lock(name, 0)).rejects.toThrow(name);
  });

  it('can be interrupted while waiting', async () => {
    const name = unique();
    await using _ = await lock(name, 5000);
    const controller = new AbortController();
    const waiting = lock(name, 60_000, {signal: controller.signal, onWait: () => controller.abort()});
    await expect(waiting).rejects.toThrow(InterruptedError);
  });

  it('is released when its holder is killed', async () => {
    const name = unique();
    const program = `require('net').createServer().listen('\\0hw5/' + process.argv[1], () => console.log('held'))`;
    const holder = spawn(process.execPath, ['-e', program, name], {stdio: ['ignore', 'pipe', 'inherit']});
    await once(holder.stdout, 'data');
    await expect(lock(name, 0)).rejects.toThrow(TimeoutError);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await (await lock(name, 5000))[Symbol.asyncDispose]();
  });
});
