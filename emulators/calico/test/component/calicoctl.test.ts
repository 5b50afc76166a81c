import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {calicoctl} from '../../src/calicoctl/calicoctl.js';
import type {Io} from '../../src/calicoctl/io.js';
import {nodeStatus} from '../../src/calicoctl/node-status.js';
import {EtcdClient} from '../../src/etcd/client.js';
import {Ipam} from '../../src/ipam/ipam.js';
import {BlockStore} from '../../src/ipam/store.js';
import {blockKey, endpointKey} from '../../src/model/keys.js';
import {endpointRecord} from '../../src/model/records.js';
import {NodeConflictError, registerNode} from '../../src/node/startup.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';
import {snapshot} from '../support/snapshot.js';

const POOL = {
  apiVersion: 'v1',
  kind: 'ipPool',
  metadata: {cidr: '192.168.0.0/16'},
  spec: {ipip: {enabled: false}, 'nat-outgoing': true},
};
const PROFILE = `
apiVersion: v1
kind: profile
metadata:
  name: calico_net
  tags: [calico_net]
spec:
  ingress:
  - action: allow
    source: {tag: calico_net}
  - action: allow
    protocol: tcp
    source: {net: 198.18.0.10/32}
    destination: {ports: [22, "8000:8888"]}
  egress:
  - action: allow
`;

let server: EtcdV2Server;
let etcd: EtcdClient;
beforeEach(async () => {
  server = await EtcdV2Server.start();
  etcd = new EtcdClient([server.url]);
});
afterEach(() => server[Symbol.asyncDispose]());

/** Runs calicoctl; `files` are the files that exist, `-` is standard input. Running any program fails. */
async function run(argv: string[], {files = {}, env = {}}: {files?: Record<string, string>; env?: Record<string, string>} = {}) {
  let output = '';
  const io: Io = {
    print: (text) => {
      output += text;
    },
    env: {ETCD_ENDPOINTS: server.url, ...env},
    run: (command) => Promise.reject(new Error(`unexpected command: ${command.join(' ')}`)),
    isRoot: false,
    hostname: 'node0',
    read: async (path) => files[path],
  };
  return {code: await calicoctl(io, argv), output};
}
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

describe('get', () => {
  it("prints nodes, pools and profiles in calicoctl's tables", async () => {
    await register('node0', '198.18.0.10');
    await apply(PROFILE);
    expect((await run(['get', 'nodes'])).output).toBe('NAME    \nnode0   \n\n');
    expect((await run(['get', 'no', '-o', 'wide'])).output).toBe(
      'NAME    ASN       IPV4             IPV6   \nnode0   (64512)   198.18.0.10/32          \n\n',
    );
    expect((await run(['get', 'ipPool', '-owide'])).output).toBe(
      'CIDR             NAT    IPIP    \n192.168.0.0/16   true   false   \n\n',
    );
    expect((await run(['get', 'profile', '--output=wide'])).output).toBe(
      'NAME         TAGS         \ncalico_net   calico_net   \n\n',
    );
    expect((await run(['get', 'nodes', '-o', 'custom-columns=ipv4,name'])).output).toContain('198.18.0.10/32   node0');
  });

  it('prints endpoints', async () => {
    for (const endpoint of snapshot.endpoints) server.put(endpointKey(endpoint.node, endpoint.id), endpointRecord(endpoint));
    const {output} = await run(['get', 'workloadendpoints', '-o', 'wide', '--node=node1']);
    expect(output.split('\n')[0]).toMatch(/^NODE +ORCHESTRATOR +WORKLOAD +NAME +NETWORKS +NATS +INTERFACE +PROFILES/);
    expect(output.split('\n')[1]).toMatch(
      /^node1 +libnetwork +libnetwork +bbbbbbbbbbb +192\.168\.0\.101\/32 +calibbbbbbbbbbb +calico_net +$/,
    );
    expect(output).not.toContain('node0');
  });

  it('prints what was applied, as JSON and as YAML', async () => {
    await apply(PROFILE);
    const json = JSON.parse((await run(['get', 'profile', 'calico_net', '-o', 'json'])).output) as [{spec: {ingress: unknown[]}}];
    expect(json[0].spec.ingress[1]).toEqual({
      action: 'allow',
      protocol: 'tcp',
      source: {net: '198.18.0.10/32'},
      destination: {ports: [22, '8000:8888']},
    });
    const yaml = (await run(['get', 'profile', '-o', 'yaml'])).output;
    expect(yaml).toMatch(/^- apiVersion: v1\n {2}kind: profile\n {2}metadata:\n {4}name: calico_net\n/);
    server.put('/calico/v1/policy/profile/calico_net/rules', '{}');
    await apply(yaml);
    expect(JSON.parse((await run(['get', 'profile', '-o', 'json'])).output)).toEqual(json);
  });

  it('prints an empty table, and is no error, for a missing resource', async () => {
    expect(await run(['get', 'profile', 'nothing'])).toEqual({code: 0, output: 'NAME   \n\n'});
    expect(await run(['get', 'profile', 'nothing', '-o', 'json'])).toEqual({code: 0, output: '[]\n'});
  });

  it("fails with upstream's message when etcd is down", async () => {
    await server[Symbol.asyncDispose]();
    const {code, output} = await run(['get', 'nodes']);
    expect(code).toBe(1);
    expect(output).toMatch(/^Failed to get resources: client: etcd cluster is unavailable or misconfigured; error #0: dial tcp /);
    server = await EtcdV2Server.start();
  });

  it('rejects unknown kinds and formats', async () => {
    expect(await run(['get', 'pods'])).toEqual({
      code: 1,
      output: "Failed to get resources: Resource type 'pods' is not supported\n",
    });
    expect((await run(['get', 'nodes', '-o', 'xml'])).output).toBe("unrecognized output format 'xml'\n");
  });
});

describe('create, apply, replace, delete', () => {
  it('print what they did', async () => {
    expect(await apply(POOL)).toEqual({code: 0, output: "Successfully applied 1 'ipPool' resource(s)\n"});
    expect(await apply(`${JSON.stringify(POOL)}\n---${PROFILE}`)).toEqual({
      code: 0,
      output: 'Successfully applied 2 resource(s)\n',
    });
    expect(await apply(POOL, 'replace')).toEqual({code: 0, output: "Successfully replaced 1 'ipPool' resource(s)\n"});
    expect(await apply(POOL, 'delete')).toEqual({code: 0, output: "Successfully deleted 1 'ipPool' resource(s)\n"});
    expect(await apply(POOL, 'create')).toEqual({code: 0, output: "Successfully created 1 'ipPool' resource(s)\n"});
    expect(await run(['delete', 'ippool', '192.168.0.0/16'])).toEqual({
      code: 0,
      output: "Successfully deleted 1 'ipPool' resource(s)\n",
    });
  });

  it('depend on whether the resource exists', async () => {
    await apply(POOL);
    expect(await apply(POOL, 'create')).toEqual({
      code: 1,
      output: "Failed to create 'ipPool' resource: resource already exists: IPPool(cidr=192.168.0.0/16)\n",
    });
    expect((await run(['create', '--skip-exists', '-f', 'x'], {files: {x: JSON.stringify(POOL)}})).code).toBe(0);
    expect(await run(['delete', 'profile', 'nothing'])).toEqual({
      code: 1,
      output: "Failed to delete 'profile' resource: resource does not exist: Profile(name=nothing)\n",
    });
    expect((await run(['delete', '--skip-not-exists', 'profile', 'nothing'])).code).toBe(0);
    expect((await apply(PROFILE, 'replace')).output).toContain('resource does not exist: Profile(name=calico_net)');
  });

  it('stop at the first resource that fails', async () => {
    const bad = {...POOL, metadata: {cidr: '10.0.0.0/27'}};
    const {code, output} = await apply([POOL, bad]);
    expect(code).toBe(1);
    expect(output).toBe(
      "Partial success: applied the first 1 out of 2 'ipPool' resources:\n" +
        'Hit error: IP pool size is too small (min /26) for use with Calico IPAM: 10.0.0.0/27\n',
    );
  });

  it.each([
    ['a misspelled field', {...POOL, spec: {'nat-outgoin': true}}, "unknown field 'nat-outgoin'"],
    ['IPIP', {...POOL, spec: {ipip: {enabled: true}}}, 'IPIP is not supported'],
    ['host bits', {...POOL, metadata: {cidr: '192.168.1.1/16'}}, 'invalid CIDR address: 192.168.1.1/16'],
    [
      'an action',
      PROFILE.replace('action: allow', 'action: permit'),
      "action must be one of allow, deny, log, pass, not 'permit'",
    ],
    ['ports without protocol', PROFILE.replace('protocol: tcp', ''), 'ports need the protocol tcp or udp'],
    ['a port', PROFILE.replace('8000:8888', '8888:8000'), 'invalid port: 8888:8000'],
    ['a selector', PROFILE.replace('tag: calico_net}', 'selector: all()}'), 'selectors are not supported'],
    ["a rule's field", PROFILE.replace('protocol:', 'proto:'), "profile.spec.ingress[1]: unknown field 'proto'"],
    ['a protocol', PROFILE.replace('protocol: tcp', 'protocol: tpc'), "not 'tpc'"],
    ['a protocol that means all', PROFILE.replace('protocol: tcp', 'protocol: 0'), "not '0'"],
    ['an excluded protocol', PROFILE.replace('action: allow', 'action: allow\n    notProtocol: tpc'), "not 'tpc'"],
    [
      'a protocol twice',
      PROFILE.replace('protocol: tcp', 'protocol: tcp\n    notProtocol: udp'),
      'either protocol or notProtocol',
    ],
    [
      'ICMP without its protocol',
      PROFILE.replace('action: allow', 'action: allow\n    icmp: {type: 8}'),
      'icmp needs the protocol icmp',
    ],
    [
      'an ICMP type',
      PROFILE.replace('action: allow', 'action: allow\n    protocol: icmp\n    icmp: {type: 255}'),
      'the type must be 0 to 254',
    ],
    [
      "an ICMP code's type",
      PROFILE.replace('action: allow', 'action: allow\n    protocol: icmp\n    icmp: {code: 1}'),
      'the type must be',
    ],
    ['a net', PROFILE.replace('198.18.0.10/32', '198.18.0.10/40'), 'invalid CIDR address: 198.18.0.10/40'],
  ])('reject %s and write nothing', async (_, resource, reason) => {
    const {code, output} = await apply(resource);
    expect(code).toBe(1);
    expect(output).toContain(reason);
    expect(server.keys()).toEqual([]);
  });

  it.each(['icmp', '1', 'ICMP'])('accept an ICMP type of the protocol %s', async (protocol) => {
    const rule = `action: allow\n    protocol: ${protocol}\n    icmp: {type: 8, code: 0}`;
    expect((await apply(PROFILE.replace('action: allow', rule))).code).toBe(0);
  });

  it.each([
    ['kind: ipPool', 'Failed to execute command: Unknown resource apiVersion: undefined\n'],
    ['apiVersion: v1\nkind: pod', "Failed to execute command: Resource type 'pod' is not supported\n"],
    ['', 'No resources specified in file\n'],
  ])('reject the file "%s"', async (text, output) => {
    expect(await apply(text)).toEqual({code: 1, output});
  });

  it('fail when the file is missing, or not given', async () => {
    expect(await run(['apply', '-f', '/no/file'])).toEqual({
      code: 1,
      output: 'Failed to execute command: open /no/file: no such file or directory\n',
    });
    expect((await run(['apply'])).output).toMatch(/^Invalid option: 'calicoctl apply'/);
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
  it('prints and releases addresses', async () => {
    await apply(POOL);
    expect((await run(['ipam', 'show', '--ip', '192.168.0.100'])).output).toBe('IP 192.168.0.100 is not currently assigned\n');
    await new Ipam(new BlockStore(etcd)).assignAddress('192.168.0.100', 'node0');
    expect((await run(['ipam', 'show', '--ip=192.168.0.100'])).output).toBe(
      'IP 192.168.0.100 is in use\nNo attributes defined\n',
    );
    expect((await run(['ipam', 'release', '--ip=192.168.0.100'])).output).toBe(
      'Successfully released IP address 192.168.0.100\n',
    );
    expect(await run(['ipam', 'release', '--ip=192.168.0.100'])).toEqual({
      code: 0,
      output: 'IP address 192.168.0.100 is not assigned\n',
    });
    expect((await run(['ipam', 'show', '--ip=x'])).code).toBe(1);
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
    const files = {'/etc/calico/calicoctl.cfg': 'kind: other\n'};
    expect((await run(['get', 'ippool'], {files})).output).toContain('invalid config file');
    expect(await run(['node', 'run'], {files})).toEqual({code: 1, output: 'Error executing command: invalid config file\n'});
  });
});

describe('calicoctl node', () => {
  it('requires root', async () => {
    for (const verb of ['run', 'status', 'checksystem']) {
      expect(await run(['node', verb])).toEqual({code: 1, output: 'Need super user privileges: Operation not permitted\n'});
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
    expect(output).toBe(
      "Calico process is running.\n\nINFO: BIRDv4 process: 'bird' is not running.\n\nIPv6 BGP status\nNo IPv6 peers found.\n\n",
    );
  });

  it('prints its version and help, and rejects unknown commands', async () => {
    expect((await run(['version'])).output).toMatch(/^Version: +v1\.2\.0\n/);
    expect((await run(['--help'])).code).toBe(0);
    expect((await run(['node', 'run', '--help'])).output).toContain('--docker-networking-ifprefix=');
    expect((await run(['nonsense'])).output).toMatch(/^Unknown command: 'nonsense'\n/);
    expect((await run(['node', 'nonsense'])).code).toBe(1);
    expect((await run(['-l', 'debug', 'version'])).code).toBe(0);
  });
});
