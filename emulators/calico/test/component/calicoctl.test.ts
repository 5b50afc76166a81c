import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {checkSystem} from '../../src/calicoctl/checksystem.js';
import type {Io} from '../../src/calicoctl/io.js';
import {nodeStatus} from '../../src/calicoctl/node-status.js';
import {EtcdClient} from '../../src/etcd/client.js';
import {Ipam} from '../../src/ipam/ipam.js';
import {BlockStore} from '../../src/ipam/store.js';
import {blockKey, endpointKey} from '../../src/model/keys.js';
import {endpointRecord} from '../../src/model/records.js';
import {NodeConflictError, registerNode} from '../../src/node/startup.js';
import {type CalicoctlOptions, runCalicoctl} from '../support/calicoctl.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';
import {snapshot} from '../support/snapshot.js';

const POOL = {
  apiVersion: 'v1',
  kind: 'ipPool',
  metadata: {cidr: '192.168.0.0/16'},
  spec: {ipip: {enabled: false}, 'nat-outgoing': true},
};
let server: EtcdV2Server;
let etcd: EtcdClient;
beforeEach(async () => {
  server = await EtcdV2Server.start();
  etcd = new EtcdClient([server.url]);
});
afterEach(() => server[Symbol.asyncDispose]());

const run = (argv: string[], options: CalicoctlOptions = {}) => runCalicoctl(server.url, argv, options);
const apply = (resource: object | string, verb = 'apply') =>
  run([verb, '-f', '-'], {files: {'-': typeof resource === 'string' ? resource : JSON.stringify(resource)}});
const register = (nodeName: string, address: string, hasDefaultPools = true) =>
  registerNode(
    etcd,
    {
      nodeName,
      address,
      network: `${address}/32`,
      etcdEndpoints: [],
      backend: 'bird',
      interfacePrefix: 'cali',
      isLibnetworkEnabled: true,
      createsProfiles: true,
      logDirectory: '/var/log/calico',
      hasDefaultPools,
    },
    (line) => lines.push(line),
  );
let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

describe('starting a node', () => {
  it('writes the keys that upstream writes', async () => {
    await register('node0', '198.18.0.10');
    expect(Object.fromEntries(server.keys().map((key) => [key, server.value(key)]))).toEqual({
      '/calico/bgp/v1/global/as_num': '64512',
      '/calico/bgp/v1/global/loglevel': 'info',
      '/calico/bgp/v1/global/node_mesh': '{"enabled": true}',
      '/calico/bgp/v1/host/node0/ip_addr_v4': '198.18.0.10',
      '/calico/bgp/v1/host/node0/ip_addr_v6': '',
      '/calico/bgp/v1/host/node0/network_v4': '198.18.0.10/32',
      '/calico/v1/Ready': 'true',
      '/calico/v1/config/CalicoVersion': 'v2.6.12',
      '/calico/v1/config/ClusterGUID': expect.stringMatching(/^[0-9a-f]{32}$/),
      '/calico/v1/config/LogSeverityScreen': 'info',
      '/calico/v1/config/ReportingIntervalSecs': '0',
      '/calico/v1/host/node0/bird_ip': '198.18.0.10',
      '/calico/v1/host/node0/config/DefaultEndpointToHostAction': 'RETURN',
      '/calico/v1/host/node0/metadata': '{}',
      '/calico/v1/ipam/v4/pool/192.168.0.0-16':
        '{"cidr":"192.168.0.0/16","ipip":"","ipip_mode":"","masquerade":true,"ipam":true,"disabled":false}',
    });
    expect(lines).toEqual([
      'No AS number configured on node resource, using global value',
      'Created default IPv4 pool (192.168.0.0/16) with NAT outgoing enabled. IPIP mode: off',
      'Using node name: node0',
    ]);
  });

  it('creates no default pool where a pool exists, or when it is disabled', async () => {
    await register('node0', '198.18.0.10', false);
    expect(server.keys('/calico/v1/ipam')).toEqual([]);
    await apply({...POOL, metadata: {cidr: '10.1.0.0/16'}});
    await register('node1', '198.18.0.11');
    expect(server.keys('/calico/v1/ipam')).toEqual(['/calico/v1/ipam/v4/pool/10.1.0.0-16']);
  });

  it('rejects the address of another node and writes nothing', async () => {
    await register('node0', '198.18.0.10');
    const before = server.keys();
    await expect(register('node9', '198.18.0.10')).rejects.toThrow(
      new NodeConflictError("Calico node 'node0' is already using the IPv4 address 198.18.0.10."),
    );
    expect(server.keys()).toEqual(before);
  });

  it('writes nothing, and so wakes no agent, when nothing changes', async () => {
    await register('node0', '198.18.0.10');
    const {index} = (await etcd.get('/calico', {recursive: true}))!;
    await register('node0', '198.18.0.10');
    expect((await etcd.get('/calico', {recursive: true}))?.index).toBe(index);
  });
});

describe('removing a node', () => {
  it('releases its addresses and blocks, and none of other nodes', async () => {
    await register('node0', '198.18.0.10');
    await register('node1', '198.18.0.11');
    const ipam = new Ipam(new BlockStore(etcd));
    for (const {node, id, nets, ...rest} of snapshot.endpoints) {
      await ipam.assignAddress(nets[0]!.split('/')[0]!, node);
      server.put(endpointKey(node, id), endpointRecord({node, id, nets, ...rest}));
    }
    expect((await run(['delete', 'node', 'node0'])).code).toBe(0);
    expect(server.keys().filter((key) => key.includes('node0'))).toEqual([]);
    expect(await ipam.attributesOf('192.168.0.100')).toBeUndefined();
    expect(await ipam.attributesOf('192.168.0.101')).toBeDefined();
    expect(JSON.parse(server.value(blockKey('192.168.0.64/26'))!)).toMatchObject({affinity: null});
    expect((await run(['get', 'nodes'])).output).toBe('NAME    \nnode1   \n\n');
  });
});

describe('ipam', () => {
  const show = (ip: string) => run(['ipam', 'show', '--ip', ip]);
  const release = (ip: string) => run(['ipam', 'release', `--ip=${ip}`]);

  it('prints what is known of an address, and never fails', async () => {
    await apply(POOL);
    expect(await show('192.168.0.100')).toMatchObject({code: 0, output: '192.168.0.100 is not assigned\n'});
    await new Ipam(new BlockStore(etcd)).assignAddress('192.168.0.100', 'node0');
    expect((await show('192.168.0.100')).output).toBe('No attributes defined for IP 192.168.0.100\n');
    expect((await show('192.168.0.101')).output).toBe('IP 192.168.0.101 is not currently assigned in block\n');
    await server[Symbol.asyncDispose]();
    expect(await show('192.168.0.100')).toMatchObject({code: 0, output: '192.168.0.100 is not assigned\n'});
    server = await EtcdV2Server.start();
  });

  it('releases an address, and fails if it is free or etcd is down', async () => {
    await apply(POOL);
    await new Ipam(new BlockStore(etcd)).assignAddress('192.168.0.100', 'node0');
    expect(await release('192.168.0.100')).toMatchObject({
      code: 0,
      output: 'Successfully released IP address 192.168.0.100\n',
    });
    expect(await release('192.168.0.100')).toMatchObject({code: 1, output: 'IP address 192.168.0.100 is not assigned\n'});
    await server[Symbol.asyncDispose]();
    const failed = await release('192.168.0.100');
    expect(failed.code).toBe(1);
    expect(failed.output).toMatch(/^Error: client: etcd cluster is unavailable or misconfigured/);
    server = await EtcdV2Server.start();
  });

  it('rejects what is no address', async () => {
    expect(await show('x')).toMatchObject({code: 1, output: 'Error executing command: invalid IP address specified: x\n'});
    expect((await run(['ipam', 'show'])).code).toBe(1);
  });
});

describe('the address of the datastore', () => {
  const config = (endpoints: string) =>
    `apiVersion: v1\nkind: calicoApiConfig\nmetadata:\nspec:\n  datastoreType: etcdv2\n  etcdEndpoints: "${endpoints}"\n`;

  it('comes from the configuration file only, if it exists', async () => {
    await apply(POOL);
    const files = {'/etc/calico/calicoctl.cfg': config(server.url)};
    expect((await run(['get', 'ippool'], {files, env: {ETCD_ENDPOINTS: 'http://127.0.0.1:1'}})).code).toBe(0);
    const elsewhere = {'/etc/calico/calicoctl.cfg': config('http://127.0.0.1:1')};
    expect((await run(['get', 'ippool'], {files: elsewhere})).code).toBe(1);
  });

  it('is an error when the file is of another kind', async () => {
    const files = {'/etc/calico/calicoctl.cfg': 'apiVersion: v1\nkind: other\n'};
    const reason = "invalid config file: expected kind 'calicoApiConfig', got 'other'";
    expect((await run(['get', 'ippool'], {files})).output).toBe(
      `Failed to create Calico API client: syntax error in /etc/calico/calicoctl.cfg: ${reason}\n`,
    );
    expect((await run(['get', 'ippool'], {files, version: 'v1.2.0'})).output).toBe(
      `Failed to create Calico API client: ${reason}\n`,
    );
    expect(await run(['node', 'run'], {files})).toMatchObject({
      code: 1,
      output: 'Error executing command: invalid config file\n',
    });
  });

  it('is an error when a named file is missing, since v1.6', async () => {
    const argv = ['get', 'nodes', '--config=/no/file'];
    expect(await run(argv)).toMatchObject({code: 1, output: 'Error reading config file: /no/file\n'});
    expect((await run(argv, {version: 'v1.2.0'})).code).toBe(0);
  });
});

describe('calicoctl node', () => {
  it('requires root', async () => {
    for (const verb of ['run', 'status', 'checksystem']) {
      expect(await run(['node', verb])).toMatchObject({code: 1, output: 'Need super user privileges: Operation not permitted\n'});
    }
  });

  it("prints in a dry run upstream's docker command, for any user, and does nothing", async () => {
    const {code, output} = await run(['node', 'run', '--dryrun', '--ip=198.18.0.10', '--name=node0']);
    expect(code).toBe(0);
    expect(output).toContain('docker run --net=host --privileged --name=calico-node -d --restart=always -e NODENAME=node0 ');
    expect(output).toContain(` -e IP=198.18.0.10 -e ETCD_ENDPOINTS=${server.url} `);
    expect(server.keys()).toEqual([]);
  });

  it('status exits with 1 only when calico-felix does not run', async () => {
    let output = '';
    const print = (text: string) => {
      output += text;
    };
    const io = {print, isRoot: true} as unknown as Io;
    expect(await nodeStatus(io, [], async () => new Set(['bird', 'systemd']))).toBe(1);
    expect(output).toBe('Calico process is not running.\n');
    output = '';
    expect(await nodeStatus(io, [], async () => new Set(['calico-felix']))).toBe(0);
    expect(output).toBe('Calico process is running.\n\nNone of the BGP backend processes (BIRD or GoBGP) are running.\n\n');
  });

  it('checks the kernel and its modules', async () => {
    const check = async (modules: string, lsmod: {code?: number; stdout?: string; stderr?: string}) => {
      let output = '';
      const programs: Record<string, object> = {'uname -r': {stdout: '6.1.0-13-amd64\n'}, lsmod};
      const io = {
        isRoot: true,
        print: (text: string) => {
          output += text;
        },
        run: async (argv: string[]) => ({code: 0, stdout: '', stderr: '', ...programs[argv.join(' ')]}),
      } as unknown as Io;
      return {code: await checkSystem(io, [], async () => modules), output};
    };
    const both = 'kernel/net/netfilter/xt_set.ko: \nkernel/net/ipv6/netfilter/ip6_tables.ko: ';
    expect(await check(both, {})).toMatchObject({code: 0, output: expect.stringContaining('System meets minimum')});
    expect((await check('', {stdout: 'xt_set 20480 0\nip6_tables 36864 0\n'})).code).toBe(0);
    const withoutIpv6 = await check('/xt_set.ko: ', {});
    expect(withoutIpv6.code).toBe(0);
    expect(withoutIpv6.output).toContain('WARNING: IPv6 will be unavailable');
    expect((await check('/ip6_tables.ko: ', {})).code).toBe(1);
    expect(await check(both, {code: 1})).toMatchObject({
      code: 1,
      output: expect.stringContaining("Checking kernel modules...\nError executing command: exit status 1\nSystem doesn't meet"),
    });
  });
});

describe('the command line', () => {
  it('prints the version, with that of the cluster since v1.6', async () => {
    server.put('/calico/v1/config/CalicoVersion', 'v2.6.12');
    expect((await run(['version'])).output).toMatch(
      /^Client Version: {4}v1\.6\.5\nBuild date: .*\nGit commit: .*\nCluster Version: {3}v2\.6\.12\nCluster Type: {5} unknown\n$/,
    );
    expect((await run(['version'], {version: 'v1.2.0'})).output).toMatch(/^Version: {6}v1\.2\.0\n/);
    expect((await run(['version'], {env: {ETCD_ENDPOINTS: 'http://127.0.0.1:1'}})).output).toContain(
      'Cluster Version:   unknown (client: etcd cluster is unavailable',
    );
  });

  it('prints help', async () => {
    expect((await run(['--help'])).code).toBe(0);
    expect((await run(['node', 'run', '--help'])).output).toContain('--docker-networking-ifprefix=');
    expect((await run(['get', '--help'])).output).toMatch(/^Usage:\n {2}calicoctl get /);
    expect((await run(['-l', 'debug', 'version'])).code).toBe(0);
    expect((await run(['--log-level=info', 'version'])).code).toBe(0);
    expect(await run(['-l', 'loud', 'version'])).toMatchObject({
      code: 1,
      output: 'Unknown log level: loud, expected one of: \npanic, fatal, error, warn, info, debug.\n',
    });
  });

  it.each([
    [['get'], 'get'],
    [['get', 'nodes', 'a', 'b'], 'get nodes a b'],
    [['get', 'nodes', '--bogus'], 'get nodes --bogus'],
    [['apply'], 'apply'],
    [['apply', '-f', 'a', 'b'], 'apply -f a b'],
    [['delete', '-f', 'a', 'policy'], 'delete -f a policy'],
    [['ipam', 'show'], 'ipam show'],
    [['config', 'get'], 'config get'],
    [['config', 'set', 'logLevel'], 'config set logLevel'],
    [['node'], 'node'],
    [['node', 'status', 'now'], 'node status now'],
    [['version', 'now'], 'version now'],
  ])('rejects %j with the usage on standard error', async (argv, command) => {
    const {code, output, error} = await run(argv);
    expect(code).toBe(1);
    expect(output).toBe(`Invalid option: 'calicoctl ${command}'. Use flag '--help' to read about a specific subcommand.\n`);
    expect(error).toMatch(/^Usage:\n {2}calicoctl /);
  });

  it('names a flag without its value', async () => {
    expect((await run(['get', 'nodes', '-o'])).error).toMatch(/^-o requires argument\nUsage:/);
    expect((await run(['get', 'nodes', '--output'])).error).toMatch(/^--output requires argument\nUsage:/);
  });

  it('accepts long flags abbreviated', async () => {
    expect((await run(['get', 'nodes', '--out=json'])).output).toBe('[]\n');
  });

  it('fails for an unknown command, but not for an unknown one of node or ipam, and not without any', async () => {
    expect(await run(['nonsense'])).toMatchObject({code: 1, error: 'Unknown command: "nonsense"\n'});
    expect(await run(['node', 'nonsense'])).toMatchObject({code: 0, error: ''});
    expect(await run(['ipam', 'nonsense'])).toMatchObject({code: 0, error: ''});
    expect(await run([])).toMatchObject({code: 0, output: ''});
  });
});

describe('config', () => {
  const config = (...argv: string[]) => run(['config', ...argv]);
  const get = async (...argv: string[]) => (await config('get', ...argv)).output.trim();

  it('gets, sets and unsets the settings of the network', async () => {
    expect([await get('nodeToNodeMesh'), await get('asNumber'), await get('ipip'), await get('logLevel')]).toEqual([
      'on',
      '64512',
      'off',
      'info',
    ]);
    await config('set', 'nodeToNodeMesh', 'off');
    await config('set', 'asNumber', '65.1');
    await config('set', 'ipip', 'on');
    await config('set', 'loglevel', 'warning');
    expect([await get('nodeToNodeMesh'), await get('asnumber'), await get('IPIP'), await get('logLevel')]).toEqual([
      'off',
      '4259841',
      'on',
      'warning',
    ]);
    expect(server.value('/calico/bgp/v1/global/node_mesh')).toBe('{"enabled":false}');
    expect(server.value('/calico/bgp/v1/global/loglevel')).toBe('none');
    for (const name of ['nodeToNodeMesh', 'asNumber', 'ipip', 'logLevel'])
      expect(await config('unset', name)).toMatchObject({code: 0, output: ''});
    expect([await get('nodeToNodeMesh'), await get('asNumber'), await get('ipip')]).toEqual(['on', '64512', 'off']);
  });

  it("inherits a node's log level from that of the network", async () => {
    expect(await get('logLevel', '--node=node0')).toBe('info (inherited from global)');
    await config('set', 'logLevel', 'debug', '--node=node0');
    expect(await get('logLevel', '--node=node0')).toBe('debug');
    await config('unset', 'logLevel', '--node=node0');
    expect(await get('logLevel', '--node=node0')).toBe('info (inherited from global)');
  });

  it('reads and writes raw settings', async () => {
    expect(await get('ChainInsertMode', '--raw=felix')).toBe('(unset)');
    await config('set', 'ChainInsertMode', 'append', '--raw=felix');
    expect(server.value('/calico/v1/config/ChainInsertMode')).toBe('append');
    await config('set', 'x', 'y', '--raw=bgp', '--node=node0');
    expect(await get('x', '--raw=bgp', '--node=node0')).toBe('y');
    await config('unset', 'ChainInsertMode', '--raw=felix');
    expect(await get('ChainInsertMode', '--raw=felix')).toBe('(unset)');
  });

  it.each([
    [['get', 'bogus'], "unrecognised config name 'bogus'"],
    [['set', 'ipip', 'maybe'], "invalid value 'maybe'"],
    [['set', 'asNumber', 'x'], 'the supplied AS number is not valid'],
    [['set', 'logLevel', 'loud'], "error with field loglevel = 'loud'"],
    [['get', 'asNumber', '--node=node0'], '--node should not be specified'],
    [['get', 'x', '--raw=bird'], "unrecognised component 'bird'"],
  ])('rejects %j', async (argv, reason) => {
    expect(await config(...argv)).toMatchObject({code: 1, output: `Error executing command: ${reason}\n`});
  });
});
