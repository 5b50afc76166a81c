import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {expect, it} from 'vitest';
import {attend} from '../../../src/host/attend.js';

it('does not hurry a busy listener when Node resumes the streams of a process that has ended', async () => {
  const process = spawn('sh', ['-c', 'echo one; sleep 0.1; echo two']);
  const exited = once(process, 'exit').then(([code]) => code as number);
  const heard: string[] = [];
  let isBusy = false;
  let hasOverlap = false;
  const result = await attend(process, exited, {
    onStdout: async (chunk) => {
      hasOverlap ||= isBusy;
      isBusy = true;
      await exited;
      await new Promise((resolve) => setTimeout(resolve, 100));
      heard.push(chunk.toString());
      isBusy = false;
    },
  });
  expect({result, heard, hasOverlap}).toEqual({
    result: {code: 0, stdout: '', stderr: ''},
    heard: ['one\n', 'two\n'],
    hasOverlap: false,
  });
});
