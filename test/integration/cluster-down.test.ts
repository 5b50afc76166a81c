import {beforeAll, expect, test} from 'vitest';
import {changesOf, status} from '../support/cluster-commands.js';
import {ensureCluster, inMachine, onLab} from '../support/lab.js';
import {MACHINE_STATE} from '../support/machine-state.js';

const states = () => Promise.all(['node0', 'node1', 'node2'].map((node) => inMachine(node, MACHINE_STATE)));

beforeAll(ensureCluster);

test('down leaves nothing but data, with --purge nothing at all, and up works again after each', async () => {
  await onLab(['down', '--purge']);
  const before = await states();
  await onLab(['up']);
  expect(await states()).not.toEqual(before);
  await onLab(['down']);
  const after = await states();
  const data = ['/var/lib/hw5', '/var/lib/hw5/etcd'];
  expect(
    after.map((text) =>
      text
        .split('\n')
        .filter((line) => !data.includes(line))
        .join('\n'),
    ),
  ).toEqual(before);
  expect(await inMachine('node0', 'docker images -q docker-ssh')).not.toBe('');
  expect(await changesOf('down')).toEqual({changed: expect.any(Number), steps: []});
  await onLab(['up']);
  expect((await status(0)).healthy).toBe(true);
  await onLab(['down', '--purge']);
  expect(await states()).toEqual(before);
  expect(await inMachine('node0', 'docker images -q docker-ssh')).toBe('');
});
