import {describe, expect, it} from 'vitest';
import {Agent} from '../../src/agent/agent.js';
import {EtcdClient} from '../../src/etcd/client.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';

describe('an agent', () => {
  const run = (argv: readonly string[]) => Promise.reject(new Error(`unexpected command: ${argv.join(' ')}`));
  const environment = {
    nodeName: 'node0',
    address: '198.18.0.10',
    network: '198.18.0.10/32',
    etcdEndpoints: [],
    backend: 'none',
    interfacePrefix: 'cali',
    isLibnetworkEnabled: true,
    createsProfiles: true,
    logDirectory: '/var/log/calico',
    hasDefaultPools: true,
  } as const;
  const agentOf = (url: string, warnings: string[]) =>
    new Agent({
      environment,
      etcd: new EtcdClient([url]),
      run,
      log: {info: (line) => warnings.push(line), warn: (line) => warnings.push(line)},
      interfaces: async () => new Set(),
    });

  it('changes nothing when etcd is empty or unavailable, and logs that once', async () => {
    const server = await EtcdV2Server.start();
    const warnings: string[] = [];
    const agent = agentOf(server.url, warnings);
    for (let i = 0; i < 2; i++) {
      await agent.readDatastore();
      await agent.applySnapshot();
    }
    expect(warnings).toEqual(['datastore: not initialised (data lost?), keeping the last known state']);
    await server[Symbol.asyncDispose]();
    expect(await agent.readDatastore()).toBeUndefined();
    await agent.applySnapshot();
    expect(warnings[1]).toMatch(/^datastore: client: etcd cluster is unavailable/);
    expect(agent.isSynchronised).toBe(false);
  });

  it('applies an initialised store, and a part that fails does not block the others', async () => {
    await using server = await EtcdV2Server.start();
    server.put('/calico/v1/Ready', 'true');
    const warnings: string[] = [];
    const agent = agentOf(server.url, warnings);
    await agent.readDatastore();
    await agent.applySnapshot();
    expect(warnings).toEqual([
      'firewall: unexpected command: ipset save',
      'routes: unexpected command: ip -j -4 route show table main',
    ]);
  });
});
