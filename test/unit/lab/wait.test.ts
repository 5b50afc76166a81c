import {spawn} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {defineLab, type LabMachine, labFrom} from '../../../src/lab/lab.js';
import {untilSshAnswers} from '../../../src/lab/machine/wait.js';
import {identify} from '../../../src/lab/process-identity.js';
import {TimeoutError} from '../../../src/support/errors.js';

let directory: string;
let machine: LabMachine;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-wait-'));
  const [node0] = labFrom(defineLab({name: 'x'}), {
    cache: '/c',
    state: '/s',
    saves: '/saves',
    run: '/r',
    emulators: '/p',
  }).machines;
  machine = {...node0!, pidFile: join(directory, 'pid'), console: join(directory, 'console.log')};
});
afterEach(() => rm(directory, {recursive: true}));

it('waits for a machine whose supervisor runs, regardless of how long its process 1 takes', async () => {
  await writeFile(machine.pidFile, JSON.stringify(await identify(process.pid)));
  let attempts = 0;
  await untilSshAnswers(machine, undefined, {answers: async () => ++attempts > 3});
  expect(attempts).toBe(4);
});

it('fails with the end of the console as soon as the supervisor has terminated', async () => {
  const supervisor = spawn('sleep', ['60']);
  await writeFile(machine.pidFile, JSON.stringify(await identify(supervisor.pid!)));
  await writeFile(machine.console, 'booting\nFailed to mount the disk\n');
  let attempts = 0;
  const waiting = untilSshAnswers(machine, undefined, {
    answers: async () => {
      if (++attempts === 2) supervisor.kill('SIGKILL');
      return false;
    },
  });
  await expect(waiting).rejects.toThrow('node0 did not boot: booting / Failed to mount the disk');
});

it('does not wait for a machine that was never switched on', async () => {
  await expect(untilSshAnswers(machine, undefined, {answers: async () => false})).rejects.toThrow('its console is empty');
});

it('times out for a machine that runs but does not answer within the limit', async () => {
  await writeFile(machine.pidFile, JSON.stringify(await identify(process.pid)));
  const waiting = untilSshAnswers(machine, undefined, {limitMs: 50, answers: async () => false});
  await expect(waiting).rejects.toThrow(TimeoutError);
});
