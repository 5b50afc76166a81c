import {describe, expect, it} from 'vitest';
import {freeAddress, type RunProgram} from '../../../src/framework/address-freer.js';

const network = (...holders: [name: string, address: string][]) =>
  JSON.stringify([
    {
      Containers: Object.fromEntries(
        holders.map(([Name, address], index) => [`ep-${index}`, {Name, IPv4Address: `${address}/32`}]),
      ),
    },
  ]);

/** Programs with scripted results; any other one fails the test. */
function programs(script: Readonly<Record<string, {code?: number; stdout?: string; stderr?: string}>>): {
  run: RunProgram;
  ran: string[];
} {
  const ran: string[] = [];
  return {
    ran,
    run: async (argv) => {
      const line = argv.join(' ');
      ran.push(line);
      const answer = script[line];
      if (answer === undefined) throw new Error(`not scripted: ${line}`);
      return {code: 0, stdout: '', stderr: '', ...answer};
    },
  };
}

const request = {network: 'calico_net', address: '192.168.0.101', containers: ['dead-1', 'dead-2']};
const inspect = 'docker network inspect calico_net';
const disconnect = 'docker network disconnect -f calico_net mesos-dead-2';
const release = 'calicoctl ipam release --ip=192.168.0.101';

describe('freeing an address', () => {
  it('disconnects the endpoint of a dead container, then releases the address', async () => {
    const {run, ran} = programs({
      [inspect]: {stdout: network(['mesos-dead-2', '192.168.0.101'], ['mesos-live', '192.168.0.102'])},
      [disconnect]: {},
      [release]: {},
    });
    expect(await freeAddress(request, ['http://a:2379'], run)).toEqual({
      ok: true,
      message: 'disconnected the stale endpoint mesos-dead-2 from calico_net',
    });
    expect(ran).toEqual([inspect, disconnect, release]);
  });

  it('releases an address that no endpoint uses', async () => {
    const {run, ran} = programs({[inspect]: {stdout: network(['mesos-live', '192.168.0.102'])}, [release]: {}});
    expect(await freeAddress(request, [], run)).toEqual({ok: true, message: ''});
    expect(ran).toEqual([inspect, release]);
  });

  it('leaves endpoints of containers alone that may be alive', async () => {
    const {run, ran} = programs({[inspect]: {stdout: network(['other', '192.168.0.101'])}});
    expect(await freeAddress(request, [], run)).toEqual({
      ok: false,
      message: expect.stringContaining('is used by the container other'),
    });
    expect(ran).toEqual([inspect]);
  });

  it('distinguishes 192.168.0.10 from 192.168.0.101', async () => {
    const {run} = programs({[inspect]: {stdout: network(['other', '192.168.0.10'])}, [release]: {}});
    expect(await freeAddress(request, [], run)).toEqual({ok: true, message: ''});
  });

  it('does not release the address when an endpoint cannot be disconnected', async () => {
    const {run, ran} = programs({
      [inspect]: {stdout: network(['mesos-dead-2', '192.168.0.101'])},
      [disconnect]: {code: 1, stderr: 'a\nno such network\n'},
    });
    expect(await freeAddress(request, [], run)).toEqual({
      ok: false,
      message: expect.stringContaining('could not be disconnected from calico_net: no such network'),
    });
    expect(ran).not.toContain(release);
  });

  it('reports that docker does not answer, and does nothing', async () => {
    const {run, ran} = programs({[inspect]: {code: 1, stderr: 'Cannot connect to the Docker daemon'}});
    expect(await freeAddress(request, [], run)).toEqual({
      ok: false,
      message: expect.stringContaining('Cannot connect to the Docker daemon'),
    });
    expect(ran).toEqual([inspect]);
  });

  it('counts an address as free that is not assigned in Calico', async () => {
    const {run} = programs({
      [inspect]: {stdout: network()},
      [release]: {code: 1, stderr: 'IP address 192.168.0.101 is not assigned'},
    });
    expect(await freeAddress(request, [], run)).toEqual({ok: true, message: ''});
  });

  it('stops immediately when this instance no longer leads', async () => {
    const {run, ran} = programs({[inspect]: {stdout: network()}, [release]: {}});
    expect(await freeAddress(request, [], run, () => ran.length === 0)).toMatchObject({ok: false});
    expect(ran).toEqual([inspect]);
  });

  it('fails when Calico does not release the address', async () => {
    const {run} = programs({[inspect]: {stdout: network()}, [release]: {code: 1, stderr: 'no etcd member answers'}});
    expect(await freeAddress(request, [], run)).toEqual({
      ok: false,
      message: "192.168.0.101 could not be released in Calico's IPAM: no etcd member answers",
    });
  });
});
