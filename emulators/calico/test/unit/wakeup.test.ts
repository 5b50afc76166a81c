import {expect, it} from 'vitest';
import {Wakeup} from '../../src/agent/wakeup.js';

it('each reason is returned once, also one that was reported while nothing waited', async () => {
  const wakeup = new Wakeup<string>();
  wakeup.notify('a');
  wakeup.notify('a');
  wakeup.notify('b');
  expect(await wakeup.wait(60_000)).toEqual(new Set(['a', 'b']));
  const next = wakeup.wait(60_000);
  wakeup.notify('c');
  expect(await next).toEqual(new Set(['c']));
  expect(await wakeup.wait(1)).toEqual(new Set());
});
