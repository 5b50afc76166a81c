import {describe, expect, it} from 'vitest';
import {Agent} from '../src/agent/agent.js';
import {parseRoutes, wantedRoutes} from '../src/agent/routes.js';
import {findStale, parseDockerEndpoints, releasableAddresses, STALE_AFTER_MS} from '../src/agent/stale.js';
import {Wakeup} from '../src/agent/wakeup.js';
import {EtcdClient} from '../src/etcd/client.js';
import {parseSnapshot} from '../src/model/snapshot.js';
import {endpointRecord, poolRecord, profileRecords} from '../src/model/write.js';
import {networkProfile, snapshot} from './fixtures.js';
import {EtcdV2Server} from './support/etcd-v2-server.js';

const leaf = (key: string, value: string) => ({key, value, modifiedIndex: 1});
const tree = (...nodes: ReturnType<typeof leaf>[]) => ({key: '/', dir: true, modifiedIndex: 1, nodes});

describe("the agent's view of etcd", () => {
  it('is read back from the records that the other parts write', () => {
    const profile = profileRecords(networkProfile);
    const [endpoint] = snapshot.endpoints;
    const read = parseSnapshot(
      tree(
        ...snapshot.nodes.flatMap((node) => [
          leaf(`/calico/bgp/v1/host/${node.name}/ip_addr_v4`, node.address!),
          leaf(`/calico/bgp/v1/host/${node.name}/network_v4`, node.network!),
        ]),
        leaf('/calico/v1/Ready', 'true'),
        leaf('/calico/bgp/v1/global/as_num', '64512'),
        leaf('/calico/bgp/v1/global/node_mesh', '{"enabled":true}'),
        leaf('/calico/v1/ipam/v4/pool/192.168.0.0-16', poolRecord(snapshot.pools[0]!)),
        leaf('/calico/v1/policy/profile/calico_net/tags', profile.tags),
        leaf('/calico/v1/policy/profile/calico_net/rules', profile.rules),
        leaf('/calico/v1/policy/profile/calico_net/labels', profile.labels),
        ...snapshot.endpoints.map((one) =>
          leaf(`/calico/v1/host/${one.node}/workload/libnetwork/libnetwork/endpoint/${one.id}`, endpointRecord(one)),
        ),
        leaf('/calico/ipam/v2/assignment/ipv4/block/192.168.0.64-26', '{"cidr":"192.168.0.64/26","affinity":"host:node0"}'),
        leaf('/calico/ipam/v2/assignment/ipv4/block/192.168.1.0-26', '{"cidr":"192.168.1.0/26","affinity":null}'),
      ),
    );
    expect(read).toEqual(snapshot);
    expect(endpoint).toBeDefined();
  });

  it('leaves out what it cannot read', () => {
    const read = parseSnapshot(
      tree(
        leaf('/calico/v1/host/node0/workload/libnetwork/libnetwork/endpoint/x', '{broken'),
        leaf('/calico/v1/host/node0/workload/k8s/pod/endpoint/y', '{"name":"cali1"}'),
        leaf('/calico/v1/ipam/v4/pool/10.0.0.0-8', 'null'),
      ),
    );
    expect([read.endpoints, read.pools]).toEqual([[], []]);
  });

  it('is empty without any key', () => {
    expect(parseSnapshot(undefined)).toMatchObject({
      isReady: false,
      nodes: [],
      endpoints: [],
      asNumber: '64512',
      isMeshEnabled: true,
    });
  });
});

describe('an agent', () => {
  const run = (argv: readonly string[]) => Promise.reject(new Error(`unexpected command: ${argv.join(' ')}`));
  const environment = {
    nodeName: 'node0',
    address: '198.18.0.10',
    etcdEndpoints: [],
    backend: 'none',
    interfacePrefix: 'cali',
    isLibnetworkEnabled: true,
    createsProfiles: true,
    hasDefaultPools: true,
  } as const;
  const agentOf = (url: string, warnings: string[]) =>
    new Agent({
      environment,
      etcd: new EtcdClient([url]),
      run,
      log: {info: (line) => warnings.push(line), warn: (line) => warnings.push(line)},
      now: () => 0,
      interfaces: async () => new Set(),
    });

  it('touches nothing when etcd is empty or away, and says so once', async () => {
    const server = await EtcdV2Server.start();
    const warnings: string[] = [];
    const agent = agentOf(server.url, warnings);
    for (let i = 0; i < 2; i++) {
      await agent.readDatastore();
      await agent.applySnapshot();
    }
    expect(warnings).toEqual(['datastore: it is not set up (lost?); keeping everything as it was']);
    await server[Symbol.asyncDispose]();
    expect(await agent.readDatastore()).toBeUndefined();
    await agent.applySnapshot();
    expect(warnings[1]).toMatch(/^datastore: client: etcd cluster is unavailable/);
    expect(agent.isSynchronised).toBe(false);
  });

  it('acts on a store that is set up, and one part that fails does not hide the others', async () => {
    await using server = await EtcdV2Server.start();
    server.put('/calico/v1/Ready', 'true');
    const warnings: string[] = [];
    const agent = agentOf(server.url, warnings);
    await agent.readDatastore();
    await agent.applySnapshot();
    expect(warnings).toEqual([
      'firewall: unexpected command: iptables-save -t filter',
      'routes: unexpected command: ip -j -4 route show table main',
    ]);
  });
});

describe('routes', () => {
  it('are wanted for local endpoints whose interface is there', () => {
    expect(wantedRoutes('node0', snapshot.endpoints, new Set(['caliaaaaaaaaaaa', 'calibbbbbbbbbbb']))).toEqual([
      {dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa', mac: 'ee:ee:ee:ee:ee:ee'},
    ]);
    expect(wantedRoutes('node0', snapshot.endpoints, new Set())).toEqual([]);
  });

  it("are read from ip, others' left alone", () => {
    const json = JSON.stringify([
      {dst: 'default', gateway: '198.18.0.1', dev: 'host0'},
      {type: 'blackhole', dst: '192.168.0.64/26', protocol: 'bird'},
      {dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa', scope: 'link'},
    ]);
    expect(parseRoutes(json)).toEqual([{dst: '192.168.0.100', dev: 'caliaaaaaaaaaaa'}]);
    expect(parseRoutes('')).toEqual([]);
  });
});

describe('endpoints that Docker has forgotten', () => {
  const network = leaf('/docker/network/v1.0/network/f7645d', '{"name":"calico_net"}');
  const known = leaf('/docker/network/v1.0/endpoint/f7645d/bbbbbbbbbbb', '{"ep_iface":{"addr":"192.168.0.101/32","mac":"ee"}}');
  const docker = parseDockerEndpoints(tree(network, known))!;

  it('are those missing from its store', () => {
    expect(docker).toEqual({ids: new Set(['bbbbbbbbbbb']), addresses: new Set(['192.168.0.101'])});
  });

  it('cannot be told when its store is lost', () => {
    expect(parseDockerEndpoints(undefined)).toBeUndefined();
    expect(parseDockerEndpoints(tree(known))).toBeUndefined();
  });

  it('are given up only after a while, for one that is being made is not in the store yet', () => {
    const first = findStale('node0', snapshot.endpoints, docker, new Map(), 1_000);
    expect(first.stale).toEqual([]);
    const early = findStale('node0', snapshot.endpoints, docker, first.unknownSince, 1_000 + STALE_AFTER_MS - 1);
    expect(early.stale).toEqual([]);
    const late = findStale('node0', snapshot.endpoints, docker, early.unknownSince, 1_000 + STALE_AFTER_MS);
    expect(late.stale.map((endpoint) => endpoint.id)).toEqual(['aaaaaaaaaaa']);
  });

  it('start anew when Docker came to know them meanwhile', () => {
    const first = findStale('node0', snapshot.endpoints, docker, new Map(), 0);
    const both = {...docker, ids: new Set(['aaaaaaaaaaa', 'bbbbbbbbbbb'])};
    const between = findStale('node0', snapshot.endpoints, both, first.unknownSince, 10_000);
    expect(findStale('node0', snapshot.endpoints, docker, between.unknownSince, STALE_AFTER_MS).stale).toEqual([]);
  });

  it('of other nodes are none of our business', () => {
    const nothing = {ids: new Set<string>(), addresses: new Set<string>()};
    const {unknownSince} = findStale('node0', snapshot.endpoints, nothing, new Map(), 0);
    expect([...unknownSince.keys()]).toEqual(['aaaaaaaaaaa']);
  });

  it('give back their address unless somebody else holds it', () => {
    const [stale, other] = snapshot.endpoints as [(typeof snapshot.endpoints)[0], (typeof snapshot.endpoints)[0]];
    expect(releasableAddresses(stale, snapshot.endpoints, docker)).toEqual(['192.168.0.100']);
    expect(releasableAddresses(stale, [stale, {...other, nets: stale.nets}], docker)).toEqual([]);
    expect(releasableAddresses(stale, [stale], {...docker, addresses: new Set(['192.168.0.100'])})).toEqual([]);
  });
});

describe('the doorbell', () => {
  it('tells each ring once, also one that came before anybody listened', async () => {
    const bell = new Wakeup<string>();
    bell.ring('a');
    bell.ring('a');
    bell.ring('b');
    expect(await bell.wait(60_000)).toEqual(new Set(['a', 'b']));
    const next = bell.wait(60_000);
    bell.ring('c');
    expect(await next).toEqual(new Set(['c']));
    expect(await bell.wait(1)).toEqual(new Set());
  });
});
