import {execFile} from 'node:child_process';
import {mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {isRegistered} from '../../../src/components/mesos/registration.js';
import {clusterOf} from '../../unit/components/situation.js';

const cluster = clusterOf();
const node = cluster.nodes[1]!;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-registration-'));
  await symlink('/work/meta/slaves/M-S1', join(directory, 'latest'));
  // the agent answers if AGENT is set, and the master with AGENTS for the agent M-S1 only
  const curl = `#!/bin/sh
for url; do :; done
case $url in
  http://198.18.0.11:5051/health) [ -n "$AGENT" ];;
  http://198.18.0.10:5050/slaves?slave_id=M-S1) [ -n "$AGENTS" ] && printf %s "$AGENTS";;
  http://198.18.0.10:5050/slaves?slave_id=none) [ -n "$AGENTS" ] && printf %s '{"slaves":[],"recovered_slaves":[]}';;
  *) exit 9;;
esac
`;
  await writeFile(join(directory, 'curl'), curl, {mode: 0o755});
});
afterAll(() => rm(directory, {recursive: true}));

function check(env: Record<string, string>, latest = 'latest'): Promise<{code: number; output: string}> {
  const script = isRegistered(node, cluster, join(directory, latest));
  return new Promise((resolve) => {
    execFile('sh', ['-c', script], {env: {PATH: `${directory}:${process.env['PATH']}`, ...env}}, (error, stdout) =>
      resolve({code: error === null ? 0 : Number(error.code), output: stdout.trim()}),
    );
  });
}

const AGENTS = '{"slaves":[{"id":"M-S1","active":true,"pid":"slave(1)@198.18.0.11:5051"}],"recovered_slaves":[]}';

describe('an agent counts as registered', () => {
  it('when the master has it as active', async () => {
    expect(await check({AGENT: 'up', AGENTS})).toEqual({code: 0, output: ''});
  });

  it.each<[string, Record<string, string>, string]>([
    ['it does not answer', {AGENTS}, 'does not answer on port 5051'],
    ['the master does not answer', {AGENT: 'up'}, 'answers, but its Mesos master at 198.18.0.10:5050 does not'],
    [
      'the master was restarted and the agent has not noticed',
      {AGENT: 'up', AGENTS: '{"slaves":[],"recovered_slaves":[{"id":"M-S1","hostname":"node1"}]}'},
      'not registered with the Mesos master at 198.18.0.10:5050, which was restarted: this takes up to 75 s',
    ],
    [
      'the master has it as disconnected',
      {AGENT: 'up', AGENTS: AGENTS.replace('true', 'false')},
      'not registered with the Mesos master at 198.18.0.10:5050',
    ],
    [
      'the master does not know it',
      {AGENT: 'up', AGENTS: '{"slaves":[],"recovered_slaves":[]}'},
      'not registered with the Mesos master at 198.18.0.10:5050',
    ],
  ])('but not when %s', async (_, env, output) => {
    expect(await check(env)).toEqual({code: 1, output});
  });

  it('but not before it has an id', async () => {
    expect(await check({AGENT: 'up', AGENTS}, 'missing')).toMatchObject({code: 1});
  });
});
