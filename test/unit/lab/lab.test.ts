import {describe, expect, it} from 'vitest';
import type {LabHost} from '../../../src/lab/host.js';
import {defineLab, labFrom, machineOf} from '../../../src/lab/lab.js';
import {UsageError} from '../../../src/support/errors.js';

const host: LabHost = {cache: '/cache', state: '/state', saves: '/saves', run: '/run', emulators: '/emulators'};
const labOf = (options: Parameters<typeof defineLab>[0]) => labFrom(defineLab(options), host);

describe('a lab', () => {
  it('has by default three machines at .10 to .12 and its gateway at .1', () => {
    const lab = labOf({});
    expect(lab.machines.map((machine) => `${machine.name} ${machine.address}`)).toEqual([
      'node0 198.18.0.10',
      'node1 198.18.0.11',
      'node2 198.18.0.12',
    ]);
    expect(lab.gateway).toBe('198.18.0.1');
    expect(lab.files.cluster).toBe('/state/hw5/cluster.yaml');
  });

  it('puts nine machines into a /27', () => {
    const lab = labOf({count: 9, subnet: '198.18.0.192/27'});
    expect(lab.machines.at(-1)).toMatchObject({name: 'node8', address: '198.18.0.210'});
  });

  it('has names of interfaces that the kernel takes and no other lab has', () => {
    const names = ['a', 'hw5', 'a-lab-with-long-name', 'a-lab-with-long-nam2', 'a-lab'];
    const labs = names.map((name) => labOf({name, count: 9}));
    const interfaces = labs.flatMap((lab) => [lab.bridge, ...lab.machines.map((machine) => `vb-${machine.nspawnName}`)]);
    expect(interfaces.filter((name) => name.length > 15)).toEqual([]);
    expect(new Set(interfaces).size).toBe(interfaces.length);
  });

  it('has a chain whose name iptables takes', () => {
    expect(labOf({name: 'a-lab-with-long-name'}).chain.length).toBeLessThanOrEqual(28);
  });

  it.each([
    [{name: 'Lab'}, /not a valid name for a lab/],
    [{name: 'a'.repeat(21)}, /not a valid name for a lab/],
    [{name: '../etc'}, /not a valid name for a lab/],
    [{count: 0}, /1 to 9/],
    [{count: 10}, /1 to 9/],
    [{count: Number.NaN}, /1 to 9/],
    [{subnet: '198.18.0.0/28'}, /not a subnet for a lab/],
    [{subnet: '198.18.0.10/24'}, /not a subnet for a lab/],
    [{count: 2, sudoPassword: ['node2']}, /no machine node2/],
  ])('cannot be defined by %j', (options, message) => {
    expect(() => defineLab(options)).toThrow(message);
    expect(() => defineLab(options)).toThrow(UsageError);
  });

  it('lists its machines in the error for an unknown one', () => {
    expect(() => machineOf(labOf({count: 2}), 'node2')).toThrow(expect.objectContaining({hint: 'its machines are node0, node1'}));
  });
});
