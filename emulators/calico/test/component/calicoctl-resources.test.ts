import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {endpointKey} from '../../src/model/keys.js';
import {endpointRecord} from '../../src/model/records.js';
import {type CalicoctlOptions, runCalicoctl} from '../support/calicoctl.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';
import {snapshot} from '../support/snapshot.js';

const POOL = {
  apiVersion: 'v1',
  kind: 'ipPool',
  metadata: {cidr: '192.168.0.0/16'},
  spec: {ipip: {enabled: false}, 'nat-outgoing': true},
};
const NODE = {
  apiVersion: 'v1',
  kind: 'node',
  metadata: {name: 'node0'},
  spec: {bgp: {ipv4Address: '198.18.0.10/24'}},
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
beforeEach(async () => {
  server = await EtcdV2Server.start();
});
afterEach(() => server[Symbol.asyncDispose]());

const run = (argv: string[], options: CalicoctlOptions = {}) => runCalicoctl(server.url, argv, options);
const change = (verb: string, resource: object | string, options: CalicoctlOptions = {}) =>
  run([verb, '-f', '-'], {...options, files: {'-': typeof resource === 'string' ? resource : JSON.stringify(resource)}});
const apply = (resource: object | string, options: CalicoctlOptions = {}) => change('apply', resource, options);

describe('get', () => {
  it("prints nodes, pools and profiles in calicoctl's tables", async () => {
    await apply([NODE, POOL]);
    await apply(PROFILE);
    expect((await run(['get', 'nodes'])).output).toBe('NAME    \nnode0   \n\n');
    expect((await run(['get', 'no', '-o', 'wide'])).output).toBe(
      'NAME    ASN       IPV4             IPV6   \nnode0   (64512)   198.18.0.10/24          \n\n',
    );
    expect((await run(['get', 'ipPool', '-owide'])).output).toBe(
      'CIDR             NAT    IPIP    \n192.168.0.0/16   true   false   \n\n',
    );
    expect((await run(['get', 'profile', '--output=wide'])).output).toBe(
      'NAME         TAGS         \ncalico_net   calico_net   \n\n',
    );
    expect((await run(['get', 'nodes', '-o', 'custom-columns=IPV4,NAME'])).output).toContain('198.18.0.10/24   node0');
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

  it('prints a net as a member of nets since v1.6, and what was applied in both versions', async () => {
    await apply(PROFILE);
    const source = async (options: CalicoctlOptions = {}) => {
      const {output} = await run(['get', 'profile', 'calico_net', '-o', 'json'], options);
      return (JSON.parse(output) as [{spec: {ingress: {source: unknown}[]}}])[0].spec.ingress[1]?.source;
    };
    expect(server.value('/calico/v1/policy/profile/calico_net/rules')).toContain('"src_net":"198.18.0.10/32"');
    expect(await source()).toEqual({nets: ['198.18.0.10/32']});
    expect(await source({version: 'v1.2.0'})).toEqual({net: '198.18.0.10/32'});
  });

  it.each(['v1.6.5', 'v1.2.0'] as const)('prints what %s itself applies without a change', async (version) => {
    await apply(PROFILE, {version});
    for (const format of ['json', 'yaml']) {
      const {output} = await run(['get', 'profile', '-o', format], {version});
      server.put('/calico/v1/policy/profile/calico_net/rules', '{}');
      expect((await apply(output, {version})).code).toBe(0);
      expect((await run(['get', 'profile', '-o', format], {version})).output).toBe(output);
    }
  });

  it('prints the members of JSON in the order of the Go structs, those of YAML sorted', async () => {
    await apply(PROFILE);
    const json = (await run(['get', 'profile', '-o', 'json'])).output;
    expect(json).toMatch(/^\[\n {2}\{\n {4}"kind": "profile",\n {4}"apiVersion": "v1",\n {4}"metadata": \{\n {6}"name"/);
    expect(json).toMatch(/"source": \{\},\s+"destination": \{\}/);
    const yaml = (await run(['get', 'profile', '-o', 'yaml'])).output;
    expect(yaml).toMatch(
      /^- apiVersion: v1\n {2}kind: profile\n {2}metadata:\n {4}name: calico_net\n {4}tags:\n {4}- calico_net\n/,
    );
    expect(yaml).toContain('        ports:\n        - 22\n        - 8000:8888\n');
  });

  it('prints an empty spec as {}', async () => {
    await apply('apiVersion: v1\nkind: profile\nmetadata: {name: a}\n');
    expect((await run(['get', 'profile', '-oyaml'])).output).toBe(
      '- apiVersion: v1\n  kind: profile\n  metadata:\n    name: a\n  spec: {}\n',
    );
  });

  it('prints an empty table, and is no error, for a missing resource, unless it is a node', async () => {
    expect(await run(['get', 'profile', 'nothing'])).toMatchObject({code: 0, output: 'NAME   \n\n'});
    expect(await run(['get', 'profile', 'nothing', '-o', 'json'])).toMatchObject({code: 0, output: '[]\n'});
    expect(await run(['get', 'node', 'nothing'])).toMatchObject({
      code: 1,
      output: 'Failed to get resources: resource does not exist: Node(name=nothing)\n',
    });
  });

  it("fails with upstream's message when etcd is down", async () => {
    await server[Symbol.asyncDispose]();
    const {code, output} = await run(['get', 'nodes']);
    expect(code).toBe(1);
    expect(output).toMatch(/^Failed to get resources: client: etcd cluster is unavailable or misconfigured; error #0: dial tcp /);
    server = await EtcdV2Server.start();
  });

  it.each([
    [['pods'], "Failed to get resources: Resource type 'pods' is not supported\n"],
    [['ipPool', 'garbage'], 'Failed to get resources: invalid CIDR address: garbage\n'],
    [['bgpPeer', 'garbage'], 'Failed to get resources: invalid IP address: garbage\n'],
    [['bgpPeer', '--scope=all'], "Failed to get resources: Unrecognized scope 'all', must be one of: global, node\n"],
    [['policy', 'a b'], "Failed to get resources: error with field name = 'a b'\n"],
    [['nodes', '-o', 'xml'], "unrecognized output format 'xml'\n"],
    [['nodes', '-o', 'json=x'], "unrecognized output format 'json=x'\n"],
    [['nodes', '-o', 'custom-columns='], 'need to specify at least one column\n'],
    [['nodes', '-o', 'go-template='], 'need to specify a template\n'],
  ])('rejects %j', async (argv, output) => {
    expect(await run(['get', ...argv])).toMatchObject({code: 1, output});
  });

  it('does not end the message of a wrong format in v1.2.0', async () => {
    expect((await run(['get', 'nodes', '-o', 'xml'], {version: 'v1.2.0'})).output).toBe("unrecognized output format 'xml'");
  });

  it('prints with a Go template, whose errors do not count', async () => {
    await apply([NODE, POOL]);
    const template = async (text: string, kind = 'nodes') => run(['get', kind, '-o', `go-template=${text}`]);
    expect((await template('{{range .}}{{range .Items}}{{.Metadata.Name}} {{.Spec.BGP.IPv4Address}}{{end}}{{end}}')).output).toBe(
      'node0 198.18.0.10/24',
    );
    expect(
      (await template('{{range .}}{{range .Items}}{{.Metadata.CIDR}},{{.Spec.NATOutgoing}}{{end}}{{end}}', 'pool')).output,
    ).toBe('192.168.0.0/16,true');
    expect((await template('{{config "asnumber"}}')).output).toBe('64512');
    expect(await template('{{range .}}{{.Nothing}}{{end}}')).toMatchObject({
      code: 0,
      output: expect.stringContaining("can't evaluate field Nothing in type api.NodeList"),
    });
    const files = {'/t': '{{len .}}'};
    expect((await run(['get', 'nodes', '-o', 'go-template-file=/t'], {files})).output).toBe('1');
    expect((await run(['get', 'nodes', '-o', 'go-template-file=/no'])).output).toBe('open /no: no such file or directory\n');
  });
});

describe('create, apply, replace, delete', () => {
  it('print what they did', async () => {
    expect(await apply(POOL)).toMatchObject({code: 0, output: "Successfully applied 1 'ipPool' resource(s)\n"});
    expect(await apply(`${JSON.stringify(POOL)}\n---${PROFILE}`)).toMatchObject({
      code: 0,
      output: 'Successfully applied 2 resource(s)\n',
    });
    expect(await change('replace', POOL)).toMatchObject({code: 0, output: "Successfully replaced 1 'ipPool' resource(s)\n"});
    expect(await change('delete', POOL)).toMatchObject({code: 0, output: "Successfully deleted 1 'ipPool' resource(s)\n"});
    expect(await change('create', POOL)).toMatchObject({code: 0, output: "Successfully created 1 'ipPool' resource(s)\n"});
    expect(await run(['delete', 'ippool', '192.168.0.0/16'])).toMatchObject({
      code: 0,
      output: "Successfully deleted 1 'ipPool' resource(s)\n",
    });
  });

  it('read a list of resources as other tools print it', async () => {
    const list = {apiVersion: 'v1', kind: 'ipPoolList', metadata: {}, items: [POOL, {...POOL, metadata: {cidr: '10.0.0.0/8'}}]};
    expect((await apply(list)).output).toBe("Successfully applied 2 'ipPool' resource(s)\n");
  });

  it('depend on whether the resource exists', async () => {
    await apply(POOL);
    expect(await change('create', POOL)).toMatchObject({
      code: 1,
      output: "Failed to create 'ipPool' resource: resource already exists: IPPool(cidr=192.168.0.0/16)\n",
    });
    expect((await run(['create', '--skip-exists', '-f', 'x'], {files: {x: JSON.stringify(POOL)}})).code).toBe(0);
    expect(await run(['delete', 'profile', 'nothing'])).toMatchObject({
      code: 1,
      output: "Failed to delete 'profile' resource: resource does not exist: Profile(name=nothing)\n",
    });
    expect((await run(['delete', '--skip-not-exists', 'profile', 'nothing'])).code).toBe(0);
    expect((await change('replace', PROFILE)).output).toContain('resource does not exist: ProfileTags(name=calico_net)');
  });

  it('need everything that identifies a resource', async () => {
    const reason = async (...argv: string[]) => (await run(['delete', ...argv])).output.replace(/^.*resource: /, '').trim();
    expect(await reason('policy')).toBe("insufficient identifiers, missing 'name'");
    expect(await reason('hep', 'eth0')).toBe("insufficient identifiers, missing 'node'");
    expect(await reason('wep', 'x', '--node=node0')).toBe("insufficient identifiers, missing 'orchestrator'");
    expect(await reason('bgppeer', '1.2.3.4')).toBe("insufficient identifiers, missing 'node'");
    expect(await reason('pods', 'x')).toBe('No resources specified in file');
  });

  it('stop at the first resource that fails', async () => {
    const {code, output} = await change('create', [POOL, POOL, {...POOL, metadata: {cidr: '10.0.0.0/8'}}]);
    expect(code).toBe(1);
    expect(output).toBe(
      "Partial success: created the first 1 out of 3 'ipPool' resources:\n" +
        'Hit error: resource already exists: IPPool(cidr=192.168.0.0/16)\n',
    );
    expect(server.keys('/calico/v1/ipam')).toHaveLength(1);
  });

  it.each([
    [
      'a misspelled field',
      {...POOL, spec: {'nat-outgoin': true}},
      'error parsing document: field in document is not recognized or is in the wrong location: nat-outgoin',
    ],
    [
      'several fields',
      {...POOL, a: 1, spec: {b: 1, c: 1}},
      'error parsing document: fields in document are not recognized or are in the wrong location: a, b, c',
    ],
    [
      'host bits',
      {...POOL, metadata: {cidr: '192.168.1.1/16'}},
      "error with field CIDR = '192.168.1.1/16' (IP pool CIDR is not strictly masked)",
    ],
    [
      'a small pool',
      {...POOL, metadata: {cidr: '10.0.0.0/28'}},
      "error with field CIDR = '10.0.0.0/28' (IP pool size is too small (min /26) for use with Calico IPAM)",
    ],
    [
      'a pool of link-local addresses',
      {...POOL, metadata: {cidr: '169.254.0.0/24'}},
      "error with field CIDR = '169.254.0.0/24' (IP pool range overlaps with IPv4 Link Local range 169.254.0.0/16)",
    ],
    ['an IPIP mode', {...POOL, spec: {ipip: {mode: 'never'}}}, "error with field mode = 'never'"],
    ['an action', PROFILE.replace('action: allow', 'action: frobnicate'), "error with field action = 'frobnicate'"],
    [
      'ports without protocol',
      PROFILE.replace('protocol: tcp', ''),
      "error with field Destination.Ports = '[22 8000:8888]' (protocol does not support ports)",
    ],
    [
      'a range of ports',
      PROFILE.replace('8000:8888', '8888:8000'),
      'error parsing document: minimum port number (8888) is greater than maximum port number (8000) in port range',
    ],
    ['a port', PROFILE.replace('[22', '[ssh'), 'error parsing document: invalid port format (ssh)'],
    [
      "a rule's field",
      PROFILE.replace('protocol:', 'proto:'),
      'error parsing document: field in document is not recognized or is in the wrong location: proto',
    ],
    ['a protocol', PROFILE.replace('protocol: tcp', 'protocol: tpc'), "Protocol = 'tpc' (protocol name invalid)"],
    ['a protocol that means all', PROFILE.replace('protocol: tcp', 'protocol: 0'), "Protocol = '0' (protocol number invalid)"],
    [
      'an ICMP type',
      PROFILE.replace('action: allow', 'action: allow\n    protocol: icmp\n    icmp: {type: 255}'),
      "error with field type = '255'",
    ],
    [
      'an ICMP code without type',
      PROFILE.replace('action: allow', 'action: allow\n    protocol: icmp\n    icmp: {code: 1}'),
      "error with field Code = '1' (ICMP code specified without an ICMP type)",
    ],
    ['a net', PROFILE.replace('198.18.0.10/32', '198.18.0.10/40'), 'error parsing document: invalid IP address: 198.18.0.10/40'],
    ['a selector', PROFILE.replace('tag: calico_net}', 'selector: "role ="}'), "error with field selector = 'role ='"],
    [
      'a type',
      PROFILE.replace('tags: [calico_net]', 'tags: calico_net'),
      "error parsing document: cannot parse string 'calico_net' into field ProfileMetadata.tags of type []string",
    ],
    ['YAML', 'a: [', 'error parsing document: yaml: '],
    ['a version', {...POOL, apiVersion: 'v2'}, 'Unknown resource type (ipPool) and/or version (v2)'],
    ['a kind', {...POOL, kind: 'pod'}, 'Unknown resource type (pod) and/or version (v1)'],
  ])('reject %s and write nothing', async (_, resource, reason) => {
    const {code, output} = await apply(resource);
    expect(code).toBe(1);
    expect(output).toContain(`Failed to execute command: ${reason.includes('Protocol =') ? '' : reason}`);
    expect(output).toContain(reason);
    expect(server.keys()).toEqual([]);
  });

  it.each(['icmp', '1'])('accept an ICMP type of the protocol %s', async (protocol) => {
    const rule = `action: allow\n    protocol: ${protocol}\n    icmp: {type: 8, code: 0}`;
    expect((await apply(PROFILE.replace('action: allow', rule))).code).toBe(0);
  });

  it('reject an empty file, a missing one and none', async () => {
    expect(await apply('')).toMatchObject({code: 1, output: 'No resources specified in file\n'});
    expect(await run(['apply', '-f', '/no/file'])).toMatchObject({
      code: 1,
      output: 'Failed to execute command: open /no/file: no such file or directory\n',
    });
    expect((await run(['apply'])).output).toMatch(/^Invalid option: 'calicoctl apply'/);
  });

  it('ignore the case of fields, and take numbers as text where text is expected', async () => {
    await apply('apiVersion: v1\nkind: profile\nmetadata: {Name: 7, labels: {a: 1, b: on}}\nspec: {INGRESS: [{action: deny}]}\n');
    expect(server.value('/calico/v1/policy/profile/7/labels')).toBe('{"a":"1","b":"true"}');
    expect(server.value('/calico/v1/policy/profile/7/rules')).toBe('{"inbound_rules":[{"action":"deny"}]}');
  });
});
