import {describe, expect, it} from 'vitest';
import type {Offer} from '../../../src/framework/mesos.js';
import {place} from '../../../src/framework/placement.js';
import {why} from '../../../src/framework/why.js';
import {FrameworkWorld, recoverFor, taskSpec} from '../../support/framework-world.js';

const spec = taskSpec('ssh-1', '192.168.0.101');
const offer = (hostname: string, ip?: string): Offer => ({
  id: {value: `O-${hostname}`},
  agent_id: {value: 'S'},
  hostname,
  ...(ip === undefined ? {} : {url: {address: {ip}}}),
  resources: [
    {name: 'cpus', type: 'SCALAR', scalar: {value: 4}, role: '*'},
    {name: 'mem', type: 'SCALAR', scalar: {value: 4096}, role: '*'},
  ],
});
const UNPREPARED_AGENT = 'no agent of the cluster file has its name or address, so it lacks the image, the network and the keys';

describe('an agent of a master that other frameworks use, too', () => {
  const agents = [{name: 'node0', address: '10.0.0.1'}];
  const isTaken = (one: Offer) => place([spec], [one], [], {role: '*', agents}).launches.length === 1;

  it('is used when the cluster file has its name, its full name or its address', () => {
    for (const one of [offer('node0'), offer('node0.example.org'), offer('10.0.0.1'), offer('a.example.org', '10.0.0.1')])
      expect(isTaken(one), one.hostname).toBe(true);
  });

  it('gets no task otherwise, and the reason is reported', () => {
    for (const one of [offer('node1'), offer('10.0.0.2', '10.0.0.2')]) {
      expect(place([spec], [one], [], {role: '*', agents})).toEqual({
        launches: [],
        rejections: {'ssh-1': {[one.hostname]: UNPREPARED_AGENT}},
      });
    }
    const world = new FrameworkWorld([{...spec, cpus: 100}], 2);
    world.state = {...world.state, settings: {...world.state.settings, agents}};
    recoverFor(world, 5);
    expect(why(world.state, world.state.desired[0]!, world.now)).toEqual([
      'node0: needs 100 cpus, 4 offered',
      `node1: ${UNPREPARED_AGENT}`,
    ]);
  });

  it('is always used when the configuration names no agents', () => {
    expect(place([spec], [offer('node7')], [], {role: '*'}).launches).toHaveLength(1);
  });
});
