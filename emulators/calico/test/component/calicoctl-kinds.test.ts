import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Version} from '../../src/calicoctl/version.js';
import {type CalicoctlOptions, runCalicoctl} from '../support/calicoctl.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';

let server: EtcdV2Server;
beforeEach(async () => {
  server = await EtcdV2Server.start();
});
afterEach(() => server[Symbol.asyncDispose]());

const run = (argv: string[], options: CalicoctlOptions = {}) => runCalicoctl(server.url, argv, options);
const apply = (resource: object, version: Version = 'v1.6.5', verb = 'apply') =>
  run([verb, '-f', '-'], {version, files: {'-': JSON.stringify({apiVersion: 'v1', ...resource})}});
const get = async (kind: string, version: Version = 'v1.6.5', ...argv: string[]) =>
  JSON.parse((await run(['get', kind, '-o', 'json', ...argv], {version})).output) as {metadata: object; spec: object}[];
const record = (key: string) => JSON.parse(server.value(key) ?? 'null') as object;
/** The reason for which a resource is invalid. */
const invalid = async (resource: object, version: Version = 'v1.6.5') =>
  (await apply(resource, version)).output.replace('Failed to execute command: ', '').trim();

describe('a policy', () => {
  const policy = (spec: object, metadata: object = {}) => ({kind: 'policy', metadata: {name: 'no-ping', ...metadata}, spec});
  const KEY = '/calico/v1/policy/tier/default/policy/no-ping';
  const DENY_PING = {
    order: 100,
    selector: 'all()',
    ingress: [{action: 'deny', protocol: 'icmp'}, {action: 'allow'}],
  };

  it('is stored as upstream stores it, with the directions to which it applies', async () => {
    expect((await apply(policy(DENY_PING))).output).toBe("Successfully applied 1 'policy' resource(s)\n");
    expect(server.value(KEY)).toBe(
      '{"order":100,"inbound_rules":[{"action":"deny","protocol":"icmp"},{"action":"allow"}],"selector":"all()","types":["ingress"]}',
    );
    await apply(policy({...DENY_PING, ingress: [], egress: [{action: 'pass'}]}));
    expect(record(KEY)).toMatchObject({types: ['egress'], outbound_rules: [{action: 'next-tier'}]});
    await apply(policy({...DENY_PING, egress: [{action: 'allow'}]}));
    expect(record(KEY)).toMatchObject({types: ['ingress', 'egress']});
    await apply(policy({...DENY_PING, types: ['ingress', 'egress']}));
    expect(record(KEY)).toMatchObject({types: ['ingress', 'egress']});
    await apply(policy({selector: ''}));
    expect(server.value(KEY)).toBe('{"selector":"","types":["ingress"]}');
  });

  it('is printed in tables and as JSON', async () => {
    await apply(policy(DENY_PING));
    await apply({kind: 'policy', metadata: {name: 'other'}, spec: {selector: "role == 'web' && !has(x)"}});
    expect((await run(['get', 'policies'])).output).toBe('NAME      \nno-ping   \nother     \n\n');
    expect((await run(['get', 'pol', '-o', 'wide'])).output).toMatch(
      /^NAME +ORDER +SELECTOR +\nno-ping +100 +all\(\) +\nother +<nil> +role == 'web' && !has\(x\) +\n\n$/,
    );
    expect((await run(['get', 'policy', 'other', '-o', 'json'])).output).toContain("role == 'web' \\u0026\\u0026 !has(x)");
    expect((await run(['get', 'policy', 'other', '-o', 'yaml'])).output).toContain("    selector: role == 'web' && !has(x)\n");
    expect(await get('policy', 'v1.6.5', 'no-ping')).toEqual([
      {
        kind: 'policy',
        apiVersion: 'v1',
        metadata: {name: 'no-ping'},
        spec: {
          order: 100,
          ingress: [
            {action: 'deny', protocol: 'icmp', source: {}, destination: {}},
            {action: 'allow', source: {}, destination: {}},
          ],
          selector: 'all()',
          types: ['ingress'],
        },
      },
    ]);
  });

  it('of v1.2.0 has no types, and so applies to both directions', async () => {
    await apply(policy(DENY_PING), 'v1.2.0');
    expect(record(KEY)).not.toHaveProperty('types');
    expect((await get('policy', 'v1.2.0'))[0]?.spec).not.toHaveProperty('types');
    expect((await get('policy'))[0]?.spec).toMatchObject({types: ['ingress', 'egress']});
    expect(await invalid(policy({...DENY_PING, types: ['ingress']}), 'v1.2.0')).toBe(
      'error parsing document: field in document is not recognized or is in the wrong location: types',
    );
  });

  it('keeps every match of a rule', async () => {
    const entity = {
      tag: 'a',
      selector: "a == 'b'",
      ports: [80, '100:200'],
      notTag: 'b',
      notSelector: 'has(c)',
      notPorts: [443],
    };
    const rule = {
      action: 'log',
      ipVersion: 4,
      protocol: 'tcp',
      icmp: {type: 0, code: 0},
      notProtocol: 17,
      notICMP: {type: 8},
      source: {...entity, nets: ['10.0.0.1/8', '11.0.0.0/8'], notNets: ['12.0.0.0/8', '13.0.0.0/8']},
      destination: {...entity, nets: ['10.0.0.1/8'], notNets: ['13.0.0.1/8']},
    };
    await apply(policy({selector: 'all()', ingress: [rule]}));
    const [printed] = await get('policy');
    // upstream clears the host bits of destinations only
    const expected = {...rule, destination: {...entity, nets: ['10.0.0.0/8'], notNets: ['13.0.0.0/8']}};
    expect(printed?.spec).toMatchObject({ingress: [expected]});
  });

  it.each([
    [{selector: 'role ='}, "error with field selector = 'role ='"],
    [
      {selector: 'all()', preDNAT: true, doNotTrack: true},
      "error with field PolicySpec.PreDNAT = 'true' (PreDNAT and DoNotTrack cannot both be true, for a given PolicySpec)",
    ],
    [
      {selector: 'all()', types: ['ingress', 'ingress']},
      "error with field PolicySpec.Types = '[ingress ingress]' ('ingress' type specified more than once)",
    ],
    [
      {selector: 'all()', ingress: [{action: 'allow', source: {net: '10.0.0.0/8', nets: ['11.0.0.0/8']}}]},
      "error with field Source/Destination.Net/Nets = '[11.0.0.0/8]' (only one of Net and Nets fields allowed)",
    ],
  ])('is rejected with %j', async (spec, reason) => {
    expect(await invalid(policy(spec))).toBe(reason);
    expect(server.keys()).toEqual([]);
  });

  it('cannot have nets in v1.2.0', async () => {
    const spec = {selector: 'all()', ingress: [{action: 'allow', source: {nets: ['11.0.0.0/8']}}]};
    expect(await invalid(policy(spec), 'v1.2.0')).toContain('wrong location: nets');
  });

  it('of Kubernetes is changed by v1.2.0 only', async () => {
    const resource = {kind: 'policy', metadata: {name: 'knp.default.x'}, spec: {selector: 'all()'}};
    expect((await apply(resource)).output).toBe(
      "Failed to apply 'policy' resource: operation Apply is not supported on knp.default.x\n",
    );
    expect((await apply(resource, 'v1.2.0')).code).toBe(0);
  });

  it('is deleted, once', async () => {
    await apply(policy(DENY_PING));
    expect(await run(['delete', 'policy', 'no-ping'])).toMatchObject({
      code: 0,
      output: "Successfully deleted 1 'policy' resource(s)\n",
    });
    expect(await run(['delete', 'policy', 'no-ping'])).toMatchObject({
      code: 1,
      output: "Failed to delete 'policy' resource: resource does not exist: Policy(name=no-ping)\n",
    });
  });
});

describe('a host endpoint', () => {
  const endpoint = {
    kind: 'hostEndpoint',
    metadata: {name: 'eth0', node: 'node0', labels: {role: 'host'}},
    spec: {interfaceName: 'eth0', expectedIPs: ['198.18.0.10', 'fd00::a'], profiles: ['a']},
  };

  it('is stored, printed and deleted', async () => {
    expect((await apply(endpoint)).code).toBe(0);
    expect(record('/calico/v1/host/node0/endpoint/eth0')).toEqual({
      name: 'eth0',
      expected_ipv4_addrs: ['198.18.0.10'],
      expected_ipv6_addrs: ['fd00::a'],
      labels: {role: 'host'},
      profile_ids: ['a'],
    });
    expect((await run(['get', 'hep', '-o', 'wide'])).output).toMatch(
      /^NODE +NAME +INTERFACE +IPS +PROFILES +\nnode0 +eth0 +eth0 +198\.18\.0\.10,fd00::a +a +\n/,
    );
    expect(await get('hostEndpoint')).toEqual([{apiVersion: 'v1', ...endpoint}]);
    expect((await run(['delete', 'hep', 'eth0', '--node=node0'])).code).toBe(0);
    expect((await run(['delete', 'hep', 'eth0', '--node=node0'])).output).toContain(
      'resource does not exist: HostEndpoint(node=node0, name=eth0)',
    );
  });

  it('needs an interface or an address', async () => {
    expect(await invalid({...endpoint, spec: {}})).toBe(
      "error with field InterfaceName = '' (no interface or expected IPs have been specified)",
    );
  });
});

describe('a BGP peer', () => {
  const global = {kind: 'bgpPeer', metadata: {scope: 'global', peerIP: '198.18.0.99'}, spec: {asNumber: 64513}};
  const ofNode = {kind: 'bgpPeer', metadata: {scope: 'node', node: 'node0', peerIP: '198.18.0.98'}, spec: {asNumber: '65.1'}};

  it('is global or of one node', async () => {
    await apply(global);
    await apply(ofNode);
    expect(server.value('/calico/bgp/v1/global/peer_v4/198.18.0.99')).toBe('{"ip":"198.18.0.99","as_num":"64513"}');
    expect(server.value('/calico/bgp/v1/host/node0/peer_v4/198.18.0.98')).toBe('{"ip":"198.18.0.98","as_num":"4259841"}');
    expect((await run(['get', 'bgpPeers'])).output).toMatch(
      /^SCOPE +PEERIP +NODE +ASN +\nglobal +198\.18\.0\.99 +64513 +\nnode +198\.18\.0\.98 +node0 +4259841 +\n\n$/,
    );
    expect(await get('bgppeer', 'v1.6.5', '--scope=global')).toHaveLength(1);
    expect(await get('bgppeer', 'v1.6.5', '--node=node0')).toHaveLength(1);
    expect((await run(['delete', 'bgppeer', '198.18.0.99', '--scope=global'])).code).toBe(0);
    expect((await run(['delete', 'bgppeer', '198.18.0.99', '--scope=global'])).output).toContain(
      'resource does not exist: BGPPeer(global, ip=198.18.0.99)',
    );
    expect((await run(['delete', 'bgppeer', '198.18.0.98', '--scope=node', '--node=node0'])).code).toBe(0);
  });

  it('has a node only if it is not global', async () => {
    expect(await invalid({...global, metadata: {...global.metadata, node: 'node0'}})).toBe(
      "error with field Metadata.Node = 'node0' (no BGP Peer node name should be specified when scope is global)",
    );
  });
});

describe('a workload endpoint', () => {
  const endpoint = {
    kind: 'workloadEndpoint',
    metadata: {name: 'e1', workload: 'w', orchestrator: 'k8s', node: 'node0', labels: {role: 'web'}},
    spec: {
      ipNetworks: ['192.168.0.9/32'],
      profiles: ['calico_net'],
      interfaceName: 'cali0e1',
      mac: 'ee:ee:ee:ee:ee:ee',
    },
  };
  const KEY = '/calico/v1/host/node0/workload/k8s/w/endpoint/e1';

  it('is written, with its labels', async () => {
    expect((await apply(endpoint)).code).toBe(0);
    expect(record(KEY)).toEqual({
      state: 'active',
      name: 'cali0e1',
      active_instance_id: '',
      mac: 'ee:ee:ee:ee:ee:ee',
      profile_ids: ['calico_net'],
      ipv4_nets: ['192.168.0.9/32'],
      ipv6_nets: [],
      labels: {role: 'web'},
    });
    expect(await get('wep')).toEqual([{apiVersion: 'v1', ...endpoint}]);
    expect((await run(['delete', 'wep', 'e1', '--node=node0', '--orchestrator=k8s', '--workload=w'])).code).toBe(0);
  });

  it('gets a name when it is created without one', async () => {
    const {name: _, ...metadata} = endpoint.metadata;
    expect((await apply({...endpoint, metadata}, 'v1.6.5', 'create')).code).toBe(0);
    expect(server.keys('/calico/v1/host/node0/workload')[0]).toMatch(/\/endpoint\/[0-9a-f-]{36}$/);
  });

  it.each([
    [{ipNetworks: ['192.168.0.0/24']}, "IPNetworks = '[192.168.0.0/24]' (IP network contains multiple addresses)"],
    [{interfaceName: 'an interface'}, "interfaceName = 'an interface'"],
    [{ipv4Gateway: 'fd00::1'}, "IPv4Gateway = 'fd00::1' (invalid IPv4 gateway address specified)"],
  ])('is rejected with %j', async (spec, reason) => {
    expect(await invalid({...endpoint, spec: {...endpoint.spec, ...spec}})).toContain(reason);
  });
});

describe('a pool', () => {
  it('may use IPIP, which turns it on for the network', async () => {
    const pool = {kind: 'ipPool', metadata: {cidr: '10.1.0.0/16'}, spec: {ipip: {enabled: true, mode: 'cross-subnet'}}};
    expect((await apply(pool)).code).toBe(0);
    expect(server.value('/calico/v1/ipam/v4/pool/10.1.0.0-16')).toBe(
      '{"cidr":"10.1.0.0/16","ipip":"tunl0","ipip_mode":"cross-subnet","masquerade":false,"ipam":true,"disabled":false}',
    );
    expect((await run(['config', 'get', 'ipip'])).output).toBe('on\n');
    expect((await run(['get', 'pool', '-o', 'wide'])).output).toContain('10.1.0.0/16   false   true');
    expect(await get('pool')).toEqual([{apiVersion: 'v1', ...pool}]);
  });

  it('of IPv6 has a tree of its own', async () => {
    await apply({kind: 'ipPool', metadata: {cidr: 'fd00::/64'}, spec: {}});
    expect(server.keys('/calico/v1/ipam')).toEqual(['/calico/v1/ipam/v6/pool/fd00::-64']);
    expect((await run(['delete', 'pool', 'fd00::/64'])).code).toBe(0);
  });

  it('may have host bits in v1.2.0', async () => {
    const pool = {kind: 'ipPool', metadata: {cidr: '10.1.1.1/16'}, spec: {}};
    expect((await apply(pool, 'v1.2.0')).code).toBe(0);
  });
});

describe('a node', () => {
  it('given without a prefix has an address of one', async () => {
    await apply({kind: 'node', metadata: {name: 'node0'}, spec: {bgp: {ipv4Address: '198.18.0.10', asNumber: 64513}}});
    expect(await get('node')).toEqual([
      {
        kind: 'node',
        apiVersion: 'v1',
        metadata: {name: 'node0'},
        spec: {bgp: {asNumber: 64513, ipv4Address: '198.18.0.10/32'}},
      },
    ]);
    expect(server.value('/calico/v1/Ready')).toBe('true');
    expect(server.value('/calico/v1/config/ClusterGUID')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('loses what it no longer has', async () => {
    await apply({kind: 'node', metadata: {name: 'node0'}, spec: {bgp: {ipv4Address: '198.18.0.10/24', asNumber: 64513}}});
    await apply({kind: 'node', metadata: {name: 'node0'}, spec: {}});
    expect((await get('node'))[0]?.spec).toEqual({});
    expect(server.keys('/calico/bgp/v1/host/node0')).toEqual([
      '/calico/bgp/v1/host/node0/ip_addr_v4',
      '/calico/bgp/v1/host/node0/ip_addr_v6',
    ]);
  });

  it('needs an address for BGP', async () => {
    expect(await invalid({kind: 'node', metadata: {name: 'node0'}, spec: {bgp: {}}})).toBe(
      "error with field BGP.IPv4Address = '<nil>' (no BGP IP address and subnet specified)",
    );
  });
});

describe('a profile', () => {
  it('with a slash in its name has one key', async () => {
    await apply({kind: 'profile', metadata: {name: 'a/b'}, spec: {}});
    expect(server.keys('/calico/v1/policy/profile')[0]).toBe('/calico/v1/policy/profile/a%2fb/labels');
    expect((await get('profile', 'v1.6.5', 'a/b'))[0]?.metadata).toEqual({name: 'a/b'});
  });

  it('exists if it has tags: then it is not created again', async () => {
    const profile = {kind: 'profile', metadata: {name: 'a'}, spec: {}};
    await apply(profile);
    expect((await apply(profile, 'v1.6.5', 'create')).output).toContain('resource already exists: ProfileTags(name=a)');
  });
});
