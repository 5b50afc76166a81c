import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {calicoNode} from '../../../src/components/calico/node.js';
import {mesosAgent} from '../../../src/components/mesos/agent.js';
import type {ScriptAction} from '../../../src/engine/action.js';
import {script} from '../../../src/host/command.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {undo} from './situation.js';

/** The scripts with which `down` removes containers. */
const removals = [
  ...undo(calicoNode, {started: {content: '', mode: '644'}, isRunning: false}),
  ...undo(mesosAgent, {unit: {content: '', mode: '644'}, data: false}),
].filter((action): action is ScriptAction => action.kind === 'script' && action.script.includes('command -v docker'));

describe('scripts that remove containers', () => {
  const host = new LocalHost();
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-docker-'));
  });
  afterEach(() => rm(directory, {recursive: true}));

  /** Exit codes of the scripts when PATH contains only this docker. */
  async function run(docker?: string): Promise<(number | undefined)[]> {
    const program = join(directory, 'docker');
    if (docker !== undefined) await writeFile(program, `#!/bin/sh\n${docker}\n`);
    if (docker !== undefined) await chmod(program, 0o755);
    return Promise.all(removals.map(async (one) => (await script(host, `PATH=${directory}\n${one.script}`)).code));
  }

  it('are two', () => {
    expect(removals.map(({title}) => title)).toEqual(['docker rm -f calico-node', "remove the tasks' containers"]);
  });

  it('fail while dockerd does not answer', async () => {
    expect(await run('echo "Cannot connect to the Docker daemon" >&2; exit 1')).toEqual([1, 1]);
  });

  it('succeed when there is no container, or no docker', async () => {
    expect(await run()).toEqual([0, 0]);
    expect(await run('exit 0')).toEqual([0, 0]);
  });
});
