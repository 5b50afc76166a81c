import {expect, it} from 'vitest';
import {Agent} from '../../src/agent/agent.js';
import {runAgent} from '../../src/agent/loop.js';
import {EtcdClient} from '../../src/etcd/client.js';
import {endpointKey} from '../../src/model/keys.js';
import {endpointRecord} from '../../src/model/records.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';
import {snapshot} from '../support/snapshot.js';

it('a new container gets its route immediately, though the etcd member that the agent watches has lost power', async () => {
  await using server = await EtcdV2Server.start();
  server.put('/calico/v1/Ready', 'true');
  await using watched = await server.member();
  // A watch at this member never returns, as when no packet arrives any more. Later it does not reply at all.
  let hasPower = true;
  watched.intercept = async ({url = ''}, _response, perform) => {
    if (!hasPower || url.includes('wait=true')) return new Promise(() => {});
    await perform();
    return true;
  };

  const [endpoint] = snapshot.endpoints as [(typeof snapshot.endpoints)[number]];
  const commands: string[] = [];
  const interfaces = new Set<string>();
  const etcd = new EtcdClient([watched.url, server.url]);
  const agent = new Agent({
    environment: {
      nodeName: endpoint.node,
      address: '198.18.0.10',
      network: '198.18.0.10/32',
      etcdEndpoints: [],
      backend: 'none',
      interfacePrefix: 'cali',
      isLibnetworkEnabled: true,
      createsProfiles: true,
      logDirectory: '/var/log/calico',
      hasDefaultPools: true,
    },
    etcd,
    run: async (argv) => {
      commands.push(argv.join(' '));
      return {code: 0, stdout: '', stderr: ''};
    },
    log: {info: () => {}, warn: () => {}},
    interfaces: async () => interfaces,
  });
  const stop = new AbortController();
  let changed = (): void => {};
  const running = runAgent(agent, etcd, stop.signal, (callback) => {
    changed = callback;
  });
  // the last command before the agent waits
  await expect.poll(() => commands, {timeout: 10_000}).toContain('ip -j -4 route show table main');

  hasPower = false;
  server.put(endpointKey(endpoint.node, endpoint.id), endpointRecord(endpoint));
  interfaces.add(endpoint.interfaceName);
  changed();
  await expect
    .poll(() => commands, {timeout: 2_000})
    .toContain(`ip route replace 192.168.0.100 dev ${endpoint.interfaceName} scope link`);
  stop.abort();
  await running;
});
