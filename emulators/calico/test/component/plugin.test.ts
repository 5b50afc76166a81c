import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {request, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {EtcdClient} from '../../src/etcd/client.js';
import {poolKey} from '../../src/model/keys.js';
import {poolRecord} from '../../src/model/records.js';
import {ipamHandlers} from '../../src/plugin/ipam-driver.js';
import {networkHandlers} from '../../src/plugin/network-driver.js';
import {servePlugin} from '../../src/plugin/server.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';

const environment = {
  nodeName: 'node0',
  address: '198.18.0.10',
  network: '198.18.0.10/32',
  etcdEndpoints: [],
  backend: 'bird',
  interfacePrefix: 'cali',
  isLibnetworkEnabled: true,
  createsProfiles: true,
  logDirectory: '/var/log/calico',
  hasDefaultPools: true,
} as const;
const ID = '0123456789abcdef0123456789abcdef';
const RECORD = `/calico/v1/host/node0/workload/libnetwork/libnetwork/endpoint/${ID}`;
/** How error messages name the endpoint. */
const NAME = `WorkloadEndpoint(node=node0, orchestrator=libnetwork, workload=libnetwork, name=${ID})`;
const log = {info: () => {}, warn: () => {}};

let etcd: EtcdV2Server;
let directory: string;
let servers: Server[];
let commands: string[];
let hasVeth: boolean;
let linkLocal: string | undefined;

beforeEach(async () => {
  etcd = await EtcdV2Server.start();
  etcd.put(poolKey('192.168.0.0/16'), poolRecord({cidr: '192.168.0.0/16', natOutgoing: true, disabled: false}));
  directory = await mkdtemp(join(tmpdir(), 'plugin-'));
  commands = [];
  hasVeth = false;
  linkLocal = undefined;
  // Fakes `ip` with one veth pair; any other command fails.
  const run = async (argv: readonly string[]) => {
    const command = argv.join(' ');
    commands.push(command);
    if (command.startsWith('ip link show ')) return {code: hasVeth ? 0 : 1, stdout: '', stderr: ''};
    if (command.startsWith('ip link add ')) {
      if (hasVeth) return {code: 2, stdout: '', stderr: 'RTNETLINK answers: File exists\n'};
      hasVeth = true;
    }
    if (command.startsWith('ip -j -6 addr show dev cali')) {
      const addresses = linkLocal === undefined ? [{}] : [{addr_info: [{local: linkLocal, scope: 'link'}]}];
      return {code: 0, stdout: JSON.stringify(addresses), stderr: ''};
    }
    if (!command.startsWith('ip link ')) throw new Error(`unexpected command: ${command}`);
    return {code: 0, stdout: '', stderr: ''};
  };
  const networkName = async (id: string) => {
    if (id !== 'net1') throw new Error(`Error: No such network: ${id}`);
    return 'calico_net';
  };
  const client = new EtcdClient([etcd.url]);
  servers = [
    await servePlugin(join(directory, 'calico.sock'), networkHandlers({etcd: client, environment, run, networkName, log}), log),
    await servePlugin(join(directory, 'ipam.sock'), ipamHandlers(client, 'node0'), log),
  ];
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await etcd[Symbol.asyncDispose]();
  await rm(directory, {recursive: true});
});

/** Calls the plugin as Docker does. */
function post(
  socket: 'calico' | 'ipam',
  path: string,
  body?: object | string,
  method = 'POST',
): Promise<{status: number; type: string | undefined; body: string}> {
  return new Promise((resolve, reject) => {
    const call = request({socketPath: join(directory, `${socket}.sock`), path: `/${path}`, method, agent: false}, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({status: response.statusCode ?? 0, type: response.headers['content-type'], body: text}));
    });
    call.on('error', reject);
    call.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}
const ok = async (socket: 'calico' | 'ipam', path: string, body?: object): Promise<unknown> => {
  const reply = await post(socket, path, body);
  expect(reply).toMatchObject({status: 200, type: 'application/vnd.docker.plugins.v1.1+json'});
  return JSON.parse(reply.body);
};
const errorOf = async (socket: 'calico' | 'ipam', path: string, body: object): Promise<string> => {
  const reply = await post(socket, path, body);
  expect(reply.status).toBe(500);
  return (JSON.parse(reply.body) as {Err: string}).Err;
};

describe('the two sockets', () => {
  it('report their type and capabilities', async () => {
    expect(await ok('calico', 'Plugin.Activate')).toEqual({Implements: ['NetworkDriver']});
    expect(await ok('ipam', 'Plugin.Activate')).toEqual({Implements: ['IpamDriver']});
    expect(await ok('calico', 'NetworkDriver.GetCapabilities')).toEqual({Scope: 'global', ConnectivityScope: ''});
    expect(await ok('ipam', 'IpamDriver.GetCapabilities')).toEqual({RequiresMACAddress: false});
    expect(await ok('ipam', 'IpamDriver.GetDefaultAddressSpaces')).toEqual({
      LocalDefaultAddressSpace: 'CalicoLocalAddressSpace',
      GlobalDefaultAddressSpace: 'CalicoGlobalAddressSpace',
    });
  });

  it('reply 404 to other calls', async () => {
    expect((await post('calico', 'NetworkDriver.Nothing', {})).status).toBe(404);
    expect((await post('calico', 'IpamDriver.RequestPool', {})).status).toBe(404);
    expect((await post('calico', 'toString', {})).status).toBe(404);
    expect((await post('calico', 'Plugin.Activate', undefined, 'GET')).status).toBe(200);
  });

  it("reply 400 with the decoder's message to a body that is not JSON", async () => {
    expect(await post('calico', 'NetworkDriver.Join')).toMatchObject({
      status: 400,
      type: 'text/plain; charset=utf-8',
      body: 'EOF\n',
    });
    expect(await post('calico', 'NetworkDriver.Leave', '{"a":')).toMatchObject({status: 400, body: 'unexpected EOF\n'});
    expect(await post('ipam', 'IpamDriver.RequestPool', 'junk')).toMatchObject({
      status: 400,
      body: "invalid character 'j' looking for beginning of value\n",
    });
    expect(await post('ipam', 'IpamDriver.RequestPool', '[1]')).toMatchObject({status: 400});
    expect((await post('ipam', 'IpamDriver.GetCapabilities', 'junk')).status).toBe(200);
  });

  it('close the connection without a reply where upstream panics', async () => {
    await expect(post('ipam', 'IpamDriver.ReleaseAddress', {Address: 'junk'})).rejects.toThrow('socket hang up');
    await expect(post('calico', 'NetworkDriver.CreateEndpoint', {EndpointID: ID})).rejects.toThrow('socket hang up');
  });

  it('reply to the calls for which Calico does nothing', async () => {
    for (const call of [
      'DeleteNetwork',
      'DiscoverNew',
      'DiscoverDelete',
      'ProgramExternalConnectivity',
      'RevokeExternalConnectivity',
      'FreeNetwork',
    ]) {
      expect(await ok('calico', `NetworkDriver.${call}`, {})).toEqual({});
    }
    expect(await ok('calico', 'NetworkDriver.EndpointOperInfo', {})).toBeNull();
    expect(await ok('calico', 'NetworkDriver.AllocateNetwork', {})).toEqual({Options: null});
    expect(await ok('ipam', 'IpamDriver.ReleasePool', {})).toEqual({});
  });

  it('replace the socket of a plugin that was killed', async () => {
    const path = join(directory, 'old.sock');
    await writeFile(path, '');
    servers.push(await servePlugin(path, {}, log));
  });
});

describe('pools', () => {
  it("must be Calico's", async () => {
    expect(await ok('ipam', 'IpamDriver.RequestPool', {Pool: '192.168.0.0/16', Options: null})).toEqual({
      PoolID: '192.168.0.0/16',
      Pool: '192.168.0.0/16',
      Data: {'com.docker.network.gateway': '0.0.0.0/0'},
    });
    expect(await errorOf('ipam', 'IpamDriver.RequestPool', {Pool: '192.168.0.0/24'})).toBe(
      'The requested subnet must match the CIDR of a configured Calico IP Pool.',
    );
    expect(await errorOf('ipam', 'IpamDriver.RequestPool', {Pool: 'x'})).toBe('Invalid CIDR');
    expect(await errorOf('ipam', 'IpamDriver.RequestPool', {Options: {a: 'b'}})).toBe('Arbitrary options are not supported');
    expect(await errorOf('ipam', 'IpamDriver.RequestPool', {SubPool: '192.168.0.0/24'})).toMatch(
      /^Calico IPAM does not support sub pool/,
    );
    expect(await ok('ipam', 'IpamDriver.RequestPool', {})).toMatchObject({Pool: '0.0.0.0/0'});
    expect(await ok('ipam', 'IpamDriver.RequestPool', {V6: true})).toEqual({
      PoolID: 'CalicoPoolIPv6',
      Pool: '::/0',
      Data: {'com.docker.network.gateway': '::/0'},
    });
  });
});

describe('addresses', () => {
  const fixed = {PoolID: '192.168.0.0/16', Address: '192.168.0.100', Options: {}};

  it("are assigned, a second time an error with upstream's message, and released", async () => {
    expect(await ok('ipam', 'IpamDriver.RequestAddress', fixed)).toEqual({Address: '192.168.0.100/32', Data: null});
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', fixed)).toBe(
      'IP assignment error, data: {IP:192.168.0.100 HandleID:<nil> Attrs:map[] Hostname:node0}: Address already assigned in block',
    );
    expect(await ok('ipam', 'IpamDriver.ReleaseAddress', fixed)).toEqual({});
    expect(await ok('ipam', 'IpamDriver.ReleaseAddress', fixed)).toEqual({});
    expect(await ok('ipam', 'IpamDriver.RequestAddress', fixed)).toEqual({Address: '192.168.0.100/32', Data: null});
  });

  it('outside all pools are rejected', async () => {
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', {...fixed, Address: '10.0.0.1'})).toContain(
      'The provided IP address is not in a configured pool',
    );
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', {...fixed, Address: 'junk'})).toBe(
      'IP assignment error, data: {IP:<nil> HandleID:<nil> Attrs:map[] Hostname:node0}: ' +
        'The provided IP address is not in a configured pool\n',
    );
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', {PoolID: 'CalicoPoolIPv6'})).toBe(
      'Unexpected number of assigned IP addresses. A single address should be assigned. Got []',
    );
  });

  it('are chosen when none is requested', async () => {
    expect(await ok('ipam', 'IpamDriver.RequestAddress', {PoolID: '192.168.0.0/16', Address: ''})).toEqual({
      Address: '192.168.0.0/32',
      Data: null,
    });
    expect(await ok('ipam', 'IpamDriver.RequestAddress', {PoolID: 'CalicoPoolIPv4'})).toEqual({
      Address: '192.168.0.1/32',
      Data: null,
    });
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', {PoolID: '10.0.0.0/16'})).toMatch(
      /^The network references a Calico pool which has been deleted/,
    );
  });

  it('are not assigned for gateways', async () => {
    const gateway = {PoolID: '192.168.0.0/16', Options: {RequestAddressType: 'com.docker.network.gateway'}};
    expect(await errorOf('ipam', 'IpamDriver.RequestAddress', gateway)).toBe(
      'Calico IPAM does not support specifying a gateway.',
    );
  });
});

describe('networks', () => {
  const data = {IPv4Data: [{Gateway: '0.0.0.0/0', Pool: '192.168.0.0/16'}]};

  it("are created with Calico's IPAM and without options", async () => {
    const plain = {'com.docker.network.enable_ipv6': false, 'com.docker.network.generic': {}};
    expect(await ok('calico', 'NetworkDriver.CreateNetwork', {...data, Options: plain})).toEqual({});
    const create = (body: object) => errorOf('calico', 'NetworkDriver.CreateNetwork', body);
    expect(await create({IPv4Data: [{Gateway: '10.0.0.1/24'}]})).toMatch(/^Non-Calico IPAM driver is used/);
    expect(await create({...data, Options: {'com.docker.network.internal': true}})).toBe(
      'Calico driver does not support the flag --internal.',
    );
    expect(await create({...data, Options: {'com.docker.network.generic': {b: '1', a: '2'}}})).toBe(
      'Calico driver does not support the flags a, b.',
    );
  });
});

describe('endpoints', () => {
  const create = {NetworkID: 'net1', EndpointID: ID, Interface: {Address: '192.168.0.100/32', MacAddress: ''}};

  it("get the network's profile and a record", async () => {
    expect(await ok('calico', 'NetworkDriver.CreateEndpoint', create)).toEqual({
      Interface: {Address: '', AddressIPv6: '', MacAddress: 'EE:EE:EE:EE:EE:EE'},
    });
    expect(JSON.parse(etcd.value(RECORD)!)).toMatchObject({
      state: 'active',
      name: 'cali0123456789a',
      mac: 'ee:ee:ee:ee:ee:ee',
      profile_ids: ['calico_net'],
      ipv4_nets: ['192.168.0.100/32'],
      ipv6_nets: [],
    });
    expect(JSON.parse(etcd.value('/calico/v1/policy/profile/calico_net/rules')!)).toEqual({
      inbound_rules: [{action: 'allow', src_tag: 'calico_net'}],
      outbound_rules: [{action: 'allow'}],
    });
    expect(etcd.value('/calico/v1/policy/profile/calico_net/tags')).toBe('["calico_net"]');
  });

  it('do not change an existing profile', async () => {
    etcd.put('/calico/v1/policy/profile/calico_net/tags', '["other"]');
    await ok('calico', 'NetworkDriver.CreateEndpoint', create);
    expect(etcd.keys('/calico/v1/policy')).toEqual(['/calico/v1/policy/profile/calico_net/tags']);
    expect(etcd.value('/calico/v1/policy/profile/calico_net/tags')).toBe('["other"]');
  });

  it('keep a MAC that the user chose', async () => {
    const body = {...create, Interface: {...create.Interface, MacAddress: '02:42:00:00:00:01'}};
    expect(await ok('calico', 'NetworkDriver.CreateEndpoint', body)).toEqual({
      Interface: {Address: '', AddressIPv6: '', MacAddress: ''},
    });
    expect(JSON.parse(etcd.value(RECORD)!)).toMatchObject({mac: '02:42:00:00:00:01'});
  });

  it('are rejected without address, twice, or for a network that Docker does not know, and then leave no records', async () => {
    const rejected = (body: object) => errorOf('calico', 'NetworkDriver.CreateEndpoint', body);
    expect(await rejected({...create, Interface: {}})).toBe('No address assigned for endpoint');
    expect(await rejected({...create, NetworkID: 'net2'})).toBe('Network net2 inspection error: Error: No such network: net2');
    expect(etcd.keys('/calico/v1/host')).toEqual([]);
    expect(etcd.keys('/calico/v1/policy')).toEqual([]);
    await ok('calico', 'NetworkDriver.CreateEndpoint', create);
    expect(await rejected(create)).toBe(
      'Workload endpoints creation error, data: &{TypeMetadata:{Kind:workloadEndpoint APIVersion:v1} ' +
        `Metadata:{ObjectMetadata:{} Name:${ID} Workload:libnetwork Orchestrator:libnetwork Node:node0 ActiveInstanceID: Labels:map[]} ` +
        'Spec:{IPNetworks:[192.168.0.100/32] IPNATs:[] IPv4Gateway:<nil> IPv6Gateway:<nil> Profiles:[calico_net] ' +
        `InterfaceName:cali0123456789a MAC:ee:ee:ee:ee:ee:ee}}: resource already exists: ${NAME}`,
    );
    const mac = {...create, Interface: {...create.Interface, MacAddress: 'x'}};
    expect(await rejected(mac)).toBe('Error parsing MAC address: address x: invalid MAC address');
  });

  it('are rejected when etcd is unavailable', async () => {
    await etcd[Symbol.asyncDispose]();
    expect(await errorOf('calico', 'NetworkDriver.CreateEndpoint', create)).toMatch(
      /etcd cluster is unavailable or misconfigured/,
    );
    etcd = await EtcdV2Server.start();
  });

  it('join with a veth pair and the link-local gateway, and not a second time', async () => {
    expect(await ok('calico', 'NetworkDriver.Join', {EndpointID: ID, NetworkID: 'net1'})).toEqual({
      InterfaceName: {SrcName: 'temp0123456789a', DstPrefix: 'cali'},
      Gateway: '169.254.1.1',
      GatewayIPv6: '',
      StaticRoutes: [{Destination: '169.254.1.1/32', RouteType: 1, NextHop: ''}],
      DisableGatewayService: false,
    });
    expect(commands).toEqual([
      'ip link add cali0123456789a type veth peer name temp0123456789a',
      'ip link set temp0123456789a up',
      'ip link set cali0123456789a up',
      'ip -j -6 addr show dev cali0123456789a scope link',
    ]);
    expect(await errorOf('calico', 'NetworkDriver.Join', {EndpointID: ID, NetworkID: 'net1'})).toBe(
      'Veth creation error, hostInterfaceName=cali0123456789a, tempInterfaceName=temp0123456789a, vethMTU=0: file exists',
    );
  });

  it("join with a route to the host's link-local IPv6 address where the interface has one", async () => {
    linkLocal = 'fe80::ecee:eeff:feee:eeee';
    expect(await ok('calico', 'NetworkDriver.Join', {EndpointID: ID})).toMatchObject({
      GatewayIPv6: 'fe80::ecee:eeff:feee:eeee',
      StaticRoutes: [
        {Destination: '169.254.1.1/32', RouteType: 1, NextHop: ''},
        {Destination: 'fe80::ecee:eeff:feee:eeee/128', RouteType: 1, NextHop: ''},
      ],
    });
  });

  it('leave, also without an interface, and are deleted, a second time an error', async () => {
    hasVeth = true;
    expect(await ok('calico', 'NetworkDriver.Leave', {EndpointID: ID})).toEqual({});
    expect(commands.at(-1)).toBe('ip link del cali0123456789a');
    hasVeth = false;
    expect(await ok('calico', 'NetworkDriver.Leave', {EndpointID: ID})).toEqual({});
    expect(commands.at(-1)).toBe('ip link show cali0123456789a');
    await ok('calico', 'NetworkDriver.CreateEndpoint', create);
    expect(await ok('calico', 'NetworkDriver.DeleteEndpoint', {EndpointID: ID})).toEqual({});
    expect(etcd.value(RECORD)).toBeUndefined();
    expect(await errorOf('calico', 'NetworkDriver.DeleteEndpoint', {EndpointID: ID})).toBe(
      `Endpoint ${ID} removal error: resource does not exist: ${NAME}`,
    );
  });
});
