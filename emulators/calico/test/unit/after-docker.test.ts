import {expect, it} from 'vitest';
import {serveWhileDockerRuns} from '../../src/plugin/after-docker.js';

it('the plugin serves only while dockerd is ready, if the switch is on', async () => {
  const states = ['activating', 'active', 'active', 'deactivating', 'activating', 'active'];
  const stop = new AbortController();
  const calls: string[] = [];
  const run = async (argv: readonly string[]) => {
    expect(argv).toEqual(['systemctl', 'is-active', 'docker.service']);
    const state = states.shift();
    if (states.length === 0) stop.abort();
    calls.push(state ?? '');
    return {code: 0, stdout: `${state}\n`, stderr: ''};
  };
  const open = async () => void calls.push('open');
  const close = () => void calls.push('close');
  await serveWhileDockerRuns(run, {open, close}, stop.signal, 1);
  expect(calls).toEqual([
    'activating',
    'active',
    'open',
    'active',
    'deactivating',
    'close',
    'activating',
    'active',
    'open',
    'close',
  ]);
});
