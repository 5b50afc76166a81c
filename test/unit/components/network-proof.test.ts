import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {networkProof} from '../../../src/components/network/proof.js';
import type {ScriptAction} from '../../../src/engine/action.js';
import {fakeInputs} from '../../support/fake-inputs.js';
import {clusterOf, contextOf, fileAfter, lines, plan, undo} from './situation.js';

const RECORD = '/var/lib/hw5/network-proof';
const START = 'start a container on calico_net in 192.168.0.64/26, and remove it';
const REMOVE = 'remove the container of an interrupted proof';

describe('the proof that containers start on the network', () => {
  const nothing = {network: {Id: 'a1'}, record: undefined, hasContainer: false, hasImage: false};
  const first = plan(networkProof, nothing);
  const proven = {...nothing, record: fileAfter(first, RECORD)};

  it('is a container in the block of the tasks’ addresses, on one node after the other', () => {
    expect(lines(first)).toEqual([START, `write ${RECORD} (mode 0644)`]);
    expect(lines(plan(networkProof, nothing, {node: 'node2'}))).toEqual([START, `write ${RECORD} (mode 0644)`]);
    expect(networkProof.isRolling!(nothing as never)).toBe(true);
  });

  it('is planned before there is a network', () => {
    expect(lines(plan(networkProof, {...nothing, network: undefined}))[0]).toBe(START);
  });

  it('takes no address of a task', () => {
    const addresses = (index: number) => `192.168.0.${index}`;
    const tasks = [
      {name: 'one', image: 'x', address: addresses(126)},
      {name: 'two', image: 'x', address: addresses(124)},
    ];
    const cluster = clusterOf(`framework: {tasks: ${JSON.stringify(tasks)}}`);
    const [{script}] = plan(networkProof, nothing, {cluster}) as [ScriptAction];
    const [, list = ''] = /^prove '(.*)'$/m.exec(script)!;
    expect(list.split(' ').slice(0, 3)).toEqual([125, 123, 122].map(addresses));
  });

  it('is not repeated while it holds, and is for another network or another calico-node', () => {
    expect(plan(networkProof, proven)).toEqual([]);
    const again = [START, `change ${RECORD} (mode 0644)`];
    expect(lines(plan(networkProof, {...proven, network: {Id: 'b2'}}))).toEqual(again);
    // also before the other calico-node has been started, so that `plan` prints both
    const inputs = fakeInputs({calicoctl: {path: '/here/calicoctl', sha256: 'e'.repeat(64)}});
    expect(lines(plan(networkProof, proven, {inputs}))).toEqual(again);
    expect(lines(plan(networkProof, proven, {cluster: clusterOf('calico: {asNumber: 64999}')}))).toEqual(again);
  });

  it('claims a further block once tasks have addresses in it, on one node', () => {
    const more = Array.from({length: 40}, (_, index) => ({name: `t${index}`, image: 'x', address: `192.168.0.${100 + index}`}));
    const cluster = clusterOf(`framework: {tasks: ${JSON.stringify(more)}}`);
    const actions = plan(networkProof, proven, {cluster});
    expect(lines(actions)).toEqual([
      'start a container on calico_net in 192.168.0.128/26, and remove it',
      `change ${RECORD} (mode 0644)`,
    ]);
    expect(plan(networkProof, {...proven, record: fileAfter(actions, RECORD)}, {cluster})).toEqual([]);
    const other = {...nothing, record: fileAfter(plan(networkProof, nothing, {node: 'node1'}), RECORD)};
    expect(plan(networkProof, other, {cluster, node: 'node1'})).toEqual([]);
    expect(plan(networkProof, other, {cluster, node: 'node1', unreachable: new Set(['node0'])})).toHaveLength(2);
    // fewer tasks again: the block stays the node's
    expect(plan(networkProof, {...proven, record: fileAfter(actions, RECORD)})).toEqual([]);
  });

  it('leaves nothing behind when it was interrupted', () => {
    const left = {...proven, hasContainer: true};
    expect(lines(plan(networkProof, left))).toEqual([REMOVE]);
    expect(lines(undo(networkProof, left))).toEqual([REMOVE, `remove ${RECORD}`]);
    expect(lines(undo(networkProof, {...nothing, hasImage: true}))).toEqual([REMOVE]);
    expect(lines(undo(networkProof, proven))).toEqual([`remove ${RECORD}`]);
  });

  it('finds what an interrupted run left, and nothing where dockerd does not run', () => {
    const {hasContainer, hasImage} = networkProof.facts(contextOf({}));
    expect(decodeURIComponent(hasContainer!.script)).toContain('{"name":["^/hw5-network-proof$"]}');
    expect([hasContainer!.parse({stdout: '[{"Id":"a"}]', code: 0}), hasContainer!.parse({stdout: '[]', code: 0})]).toEqual([
      true,
      false,
    ]);
    const image = (tags: string) => hasImage!.parse({stdout: `[{"RepoTags":null},{"RepoTags":${tags}}]`, code: 0});
    expect([image('["hw5-network-proof:latest"]'), image('["hw5-network-proof:mine"]')]).toEqual([true, false]);
    expect([hasContainer!.parse({stdout: '', code: 7}), hasImage!.parse({stdout: '', code: 7})]).toEqual([false, false]);
  });

  describe('with a fake docker', () => {
    let directory: string;
    const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');
    const {script} = first[0] as ScriptAction;
    /** Removal before and after: what an interrupted run left, and what this one made. */
    const removal = ['rm -f hw5-network-proof', 'network disconnect -f calico_net hw5-network-proof', 'rmi -f hw5-network-proof'];
    const run = (address: number) =>
      `run --rm --name hw5-network-proof --network calico_net --ip=192.168.0.${address} hw5-network-proof /bin/true`;
    const env = () => ({...process.env, PATH: `${directory}:${process.env.PATH}`});

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hw5-proof-'));
    });
    afterEach(() => rm(directory, {recursive: true}));

    /** The script's exit code and errors when docker does this. */
    const prove = async (docker: string) => {
      await writeFile(join(directory, 'docker'), `#!/bin/sh\necho "$*" >>${directory}/calls\n${docker}\n`, {mode: 0o755});
      return promisify(execFile)('sh', ['-c', script], {env: env()}).then(
        ({stderr}) => ({code: 0, stderr}),
        ({code, stderr}) => ({code, stderr}),
      );
    };

    it('makes an image of a program and its libraries, and removes it with the container', async () => {
      expect(await prove(`[ "$1" != import ] || tar -t >${directory}/files`)).toEqual({code: 0, stderr: ''});
      expect(await calls()).toEqual([...removal, 'import - hw5-network-proof', run(126), ...removal]);
      const files = (await readFile(join(directory, 'files'), 'utf8')).split('\n');
      expect(files).toContain('bin/true');
      expect(files.join()).toMatch(/libc\.so/);
    });

    it('tries another address where one is taken', async () => {
      const taken = `case "$*" in run*.126*) echo 'docker: Error response from daemon: … Address already assigned in block.' >&2; exit 125;; esac`;
      expect(await prove(`[ $1 != import ] || cat >/dev/null; ${taken}`)).toEqual({code: 0, stderr: ''});
      expect(await calls()).toEqual(expect.arrayContaining([run(126), run(125)]));
    });

    it('prints Docker’s error, and removes everything', async () => {
      const error = 'error setting interface "temp1" routes to ["169.254.1.1/32" "fe80::1/128"]: permission denied';
      const result = await prove(`case $1 in import) cat >/dev/null;; run) echo '${error}' >&2; exit 127;; esac`);
      expect(result).toEqual({code: 1, stderr: expect.stringMatching(/^error setting interface .*\nnet\.ipv6\.conf\.default\./)});
      expect(await calls()).toEqual([...removal, 'import - hw5-network-proof', run(126), ...removal]);
    });

    it('removes everything when it is interrupted', async () => {
      await writeFile(
        join(directory, 'docker'),
        `#!/bin/sh\necho "$*" >>${directory}/calls\ncase $1 in import) cat >/dev/null;; run) kill -HUP $PPID;; esac\n`,
        {mode: 0o755},
      );
      const child = spawn('sh', ['-c', script], {env: env()});
      expect(await once(child, 'exit')).toEqual([1, null]);
      expect((await calls()).slice(-3)).toEqual(removal);
    });
  });
});
