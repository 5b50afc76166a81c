import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {run} from '../../../../src/lab/run.js';
import {RUNC_SCRIPT} from '../../../../src/lab/upstream/runc.js';

let directory: string;
const config = () => readFile(join(directory, 'bundle/config.json'), 'utf8').then(JSON.parse);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-runc-'));
  await mkdir(join(directory, 'bundle'));
  await writeFile(
    join(directory, 'bundle/config.json'),
    JSON.stringify({capabilities: ['CAP_KILL', 'CAP_SYS_RESOURCE', 'CAP_CHOWN']}),
  );
  await writeFile(join(directory, 'runc'), '#!/bin/sh\necho "$@"\n');
  await chmod(join(directory, 'runc'), 0o755);
});
afterEach(() => rm(directory, {recursive: true, force: true}));

async function runc(bounding: string, args: readonly string[]): Promise<string> {
  await writeFile(join(directory, 'status'), `Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t${bounding}\n`);
  const env = {PATH: '/usr/bin:/bin', RUNC: join(directory, 'runc'), STATUS: join(directory, 'status')};
  return run(['sh', '-c', RUNC_SCRIPT, 'runc', ...args], {env});
}

it('does not request what the machine lacks for a new container', async () => {
  const args = ['--root', '/x', 'create', '--bundle', join(directory, 'bundle'), '--pid-file', '/x y', 'id'];
  // all but bit 24
  expect(await runc('000001fffeffffff', args)).toBe(`${args.join(' ')}\n`);
  expect(await config()).toEqual({capabilities: ['CAP_KILL', 'CAP_CHOWN']});
  await runc('000001fffefffffe', ['create', `--bundle=${join(directory, 'bundle')}`, 'id']);
  expect(await config()).toEqual({capabilities: ['CAP_KILL']});
});

it('changes nothing where the machine has all, nor for other commands', async () => {
  const before = await config();
  await runc('000001ffffffffff', ['create', '-b', join(directory, 'bundle'), 'id']);
  await runc('0000000000000000', ['kill', '--bundle', join(directory, 'bundle'), 'id']);
  expect(await config()).toEqual(before);
});
