import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {describe, expect, it} from 'vitest';
import {identify, isAlive, parseStartTime} from '../../../src/lab/process-identity.js';

const fields = (state: string, startTime: number): string => `${state} 7 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${startTime} 0 0`;

describe('a process', () => {
  it('is read past a name with spaces and parentheses', () => {
    expect(parseStartTime(`42 (a) b (c)) ${fields('S', 12345)}`)).toBe(12345);
  });

  it('that is defunct is not running', () => {
    expect(parseStartTime(`42 (x) ${fields('Z', 1)}`)).toBeUndefined();
  });

  it('is alive until it ends', async () => {
    const child = spawn('sleep', ['60']);
    const identity = await identify(child.pid!);
    expect(await isAlive(identity!)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isAlive(identity!)).toBe(false);
  });

  it('is not another one with the same number, from another time or another boot', async () => {
    const own = await identify(process.pid);
    expect(await isAlive(own!)).toBe(true);
    expect(await isAlive({...own!, startTime: own!.startTime - 1})).toBe(false);
    expect(await isAlive({...own!, bootId: 'another'})).toBe(false);
  });
});
