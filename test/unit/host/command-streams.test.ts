import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {expect, it} from 'vitest';
import {pumpStreams} from '../../../src/host/command-streams.js';

it('waits for a busy listener although Node resumes the streams of a process that has exited', async () => {
  const process = spawn('sh', ['-c', 'echo one; sleep 0.1; echo two']);
  const exited = once(process, 'exit').then(([code]) => code as number);
  const received: string[] = [];
  let isBusy = false;
  let hasOverlap = false;
  const result = await pumpStreams(process, exited, {
    onStdout: async (chunk) => {
      hasOverlap ||= isBusy;
      isBusy = true;
      await exited;
      await delay(100);
      received.push(chunk.toString());
      isBusy = false;
    },
  });
  expect({result, received, hasOverlap}).toEqual({
    result: {code: 0, stdout: '', stderr: ''},
    received: ['one\n', 'two\n'],
    hasOverlap: false,
  });
});
