import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {ConfigError, Hw5Errors} from '../../../src/support/errors.js';
import {configErrorsOf, errorsOf} from './config-errors.js';

const NODES = 'nodes: [10.0.0.1, 10.0.0.2, 10.0.0.3]\n';
const starting = (...texts: string[]) => texts.map((text) => expect.stringContaining(text));

describe('all errors of a file', () => {
  const text = `nodes:
  - adress: 172.16.1.137
  - {address: 172.16.1.236, roles: [etdc, agent]}
  - 172.16.1.300
network: {subnet: 172.16.0.0/16}
ssh:
  port: "22"
  known_hosts: x
framework:
  tasks:
    - {name: ssh, count: 5, addresses: 172.16.0.101-104}
`;

  it('are reported together, in the order of the file, without those that only follow from others', () => {
    expect(configErrorsOf(text)).toEqual([
      '2:5 nodes[0].adress: unknown key → did you mean `address`?',
      '3:37 nodes[1].roles[0]: unknown value "etdc" → did you mean `etcd`?',
      '4:5 nodes[2]: not an IPv4 address → write four numbers from 0 to 255, as 172.16.1.137',
      '5:19 network.subnet: the pool 172.16.0.0/16 overlaps the network of node1 (172.16.1.0/24) → choose a network that is not in use, as `network: {subnet: 192.168.0.0/16}`',
      '7:9 ssh.port: must be a number, not a string → write the number without quotes and unit',
      '8:3 ssh.known_hosts: unknown key → did you mean `knownHosts`?',
      '11:26 framework.tasks[0].count: 5 tasks, but 4 addresses → write `count: 4`, or `addresses: 172.16.0.101-105`',
    ]);
  });

  it('have file, line, column, path and hint as separate fields, and exit code 2', () => {
    const [first] = errorsOf(() => parseCluster(text, '/etc/c.yaml'));
    expect(first).toBeInstanceOf(ConfigError);
    expect(first!.location).toEqual({file: '/etc/c.yaml', line: 2, column: 5, path: 'nodes[0].adress'});
    expect(first!.hint).toBe('did you mean `address`?');
    expect(first!.exitCode).toBe(2);
  });
});

describe('a file that is not one YAML document', () => {
  it.each([
    ['an open bracket', 'nodes: [1.2.3.4\na: b\n', '2:1 not valid YAML'],
    ['a tab', 'nodes:\n\t- x', '2:1 not valid YAML: Tabs are not allowed as indentation → indent with spaces'],
    ['an alias without anchor', 'name: a\nnodes: *foo', '2:8 the alias *foo has no anchor'],
    ['a tag', 'nodes: [!env X]', '1:9 not valid YAML: Unresolved tag'],
    ['two documents', 'nodes: [10.0.0.1]\n---\nname: b', '2:1 a second YAML document starts here'],
    ['an empty file', '', '1:1 the file is empty → list at least the nodes'],
    ['comments only', '# nodes:\n', 'the file is empty'],
    ['a list', '- a', '1:1 must be a map'],
    ['a word', 'hello', '1:1 must be a map'],
    ['an alias bomb', bomb(), '1:1 Excessive alias count'],
    ['a binary file', 'nodes:\n- \u0001\0', '2:4 the file is not UTF-8 text'],
    ['another encoding', '\ufffd\ufffdn\0o\0', '1:1 the file is not UTF-8 text'],
  ])('%s is rejected', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });

  it('is reported once where the parser can no longer follow', () => {
    expect(configErrorsOf('{a: 1}\nname: b\nnodes:\n  - 10.0.0.1\n  - 10.0.0.2\n')).toEqual(starting('2:1 not valid YAML'));
  });

  it('is reported with all errors of the parser', () => {
    expect(configErrorsOf('a: @x\nb: `y\n')).toEqual(starting('1:4 not valid YAML', '2:4 not valid YAML'));
  });

  it('is reported with the first ten of many errors, in the order of the file and in complete sentences', () => {
    const errors = configErrorsOf(`%X\n${Array.from({length: 50}, (_, index) => `k${index}: @x\n`).join('')}`);
    expect(errors).toHaveLength(10);
    expect(errors[0]).toContain('1:1 not valid YAML: Unknown directive %X');
    expect(configErrorsOf(`${'a'.repeat(1100)}: 1\n`)[0]).toContain('The : indicator must be at most 1024 chars');
  });
});

function bomb(): string {
  const levels = 'abcdefgh'.split('');
  return levels
    .map(
      (level, index) =>
        `${level}: &${level} [${Array(9)
          .fill(index === 0 ? 'x' : `*${levels[index - 1]}`)
          .join(', ')}]`,
    )
    .join('\n');
}

describe('keys', () => {
  it.each([
    ['mistyped', `${NODES}netwrok: {}`, '2:1 netwrok: unknown key → did you mean `network`?'],
    ['in snake case', `${NODES}proxy: {api_port: 1}`, '2:9 proxy.api_port: unknown key → did you mean `apiPort`?'],
    ['in another place', `${NODES}user: me`, '2:1 user: unknown key → this key exists elsewhere: `ssh.user`'],
    ['similar to no other', `${NODES}docker: {zzz: 1}`, '2:10 docker.zzz: unknown key → the known keys here are advertisePort'],
    ['given twice', `${NODES}name: a\nname: b`, '3:1 name: duplicate key'],
    [
      'given twice in a nested map',
      `${NODES}framework: {tasks: [{name: ssh-1, mem: 64, mem: 65}]}`,
      '2:44 framework.tasks[0].mem: duplicate key',
    ],
    ['named __proto__', `${NODES}__proto__: {name: x}`, '2:1 __proto__: unknown key'],
    ['named like a property of every object', `${NODES}constructor: 1`, '2:1 constructor: unknown key'],
    ['of nodes, at the top', `${NODES}ssh: {host: x}`, '2:7 ssh.host: unknown key → this key exists elsewhere: '],
    [
      'from a merge key',
      `x-a: &a {prot: 1}\nnodes: [{address: 10.0.0.1, ssh: {<<: *a}}]`,
      '1:10 nodes[0].ssh.prot: unknown key → did you mean `port`?',
    ],
  ])('%s are rejected', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });
});

describe('values', () => {
  it.each([
    ['a string for a list', 'nodes: 10.0.0.1', '1:8 nodes: must be a list, not a string'],
    ['a number for a name', `${NODES}name: 5`, '2:7 name: must be a string, not a number → put the value in quotes'],
    ['a string for a boolean', `${NODES}ssh: {agent: "yes"}`, '2:14 ssh.agent: must be true or false, not a string'],
    ['an empty value', `${NODES}ssh:\n  key:\n`, '3:3 ssh.key: must be a string, not empty → write a value, or delete the line'],
    ['a map for a string', `${NODES}name: {a: 1}`, '2:7 name: must be a string, not a map → write a single value'],
    ['a list for a map', `${NODES}etcd: [a]`, '2:7 etcd: must be a map (`key: value`), not a list → its keys are token'],
    ['a port of 0', `${NODES}proxy: {port: 0}`, '2:15 proxy.port: not a port → write a whole number from 1 to 65535'],
    ['a port too high', `${NODES}proxy: {port: 65536}`, 'proxy.port: not a port'],
    [
      'a privileged port for etcd',
      `${NODES}etcd: {clientPort: 1023}`,
      '2:20 etcd.clientPort: not a port that an unprivileged service can open',
    ],
    [
      'a privileged port for its peers',
      `${NODES}etcd: {peerPort: 80}`,
      'etcd.peerPort: not a port that an unprivileged service can open',
    ],
    [
      'a privileged port for the API',
      `${NODES}proxy: {apiPort: 81}`,
      'proxy.apiPort: not a port that an unprivileged service can open',
    ],
    ['half a port', `${NODES}proxy: {port: 80.5}`, 'proxy.port: not a port'],
    ['NaN for a port', `${NODES}proxy: {port: .nan}`, 'proxy.port:'],
    ['upper case in a name', 'nodes: [{name: Node0, address: 10.0.0.1}]', '1:16 nodes[0].name: not a valid name'],
    ['a name too long', `${NODES}name: ${'a'.repeat(64)}`, 'name: not a valid name'],
    ['a short checksum', `${NODES}calico: {calicoctl: {sha256: abc}}`, 'calico.calicoctl.sha256: not a SHA-256 checksum'],
    [
      'a URL of another kind',
      `${NODES}calico: {calicoctl: {url: "ftp://a/b"}}`,
      'calico.calicoctl.url: not an http or https URL',
    ],
    ['a subnet without prefix', `${NODES}network: {subnet: 192.168.0.0}`, '2:19 network.subnet: not a subnet'],
    [
      'a subnet with host bits',
      `${NODES}network: {subnet: 192.168.0.1/16}`,
      'network.subnet: not the first address of the block',
    ],
    [
      'a pool that is too small',
      `${NODES}network: {subnet: 192.168.0.0/27}\nframework: {tasks: []}`,
      'network.subnet: a /27 is too small for a pool',
    ],
    ...['bridge', 'host', 'none', 'default'].map((name) => [
      `Docker's network ${name}`,
      `${NODES}network: {name: ${name}}`,
      '2:17 network.name: not a valid name for the network',
    ]),
    ['a shared data directory', `${NODES}etcd: {dataDir: /var/lib}`, 'etcd.dataDir: not a directory that hw5 may own'],
    [
      'a data directory with `..` in its path',
      `${NODES}etcd: {dataDir: /var/lib/hw5/../../..}`,
      'etcd.dataDir: not a directory that hw5 may own',
    ],
    ['a ZooKeeper address', `${NODES}mesos: {source: {master: "zk://a:1/m"}}`, 'mesos.source.master: not of the form host:port'],
    ['resources in another format', `${NODES}mesos: {resources: 4 cpus}`, 'mesos.resources: not a list of Mesos resources'],
    ['root in the containers', `${NODES}images: {user: root}`, 'images.user: not a valid user name for the containers'],
    [
      'a failover timeout of 0',
      `${NODES}framework: {failoverTimeoutSeconds: 0}`,
      'framework.failoverTimeoutSeconds: not a number of seconds',
    ],
    ['an image with spaces', `${NODES}images: {base: "debian 12"}`, 'images.base: not the name of a container image'],
  ])('%s is rejected', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });

  it.each([
    '/var/lib/etcd',
    '/var/lib/etcd/default',
    '/var/lib/hw5',
    '/var/lib/hw5/mesos-agent',
    '/var/lib/hw5/pulled',
    '/var/lib/docker/volumes',
    '/root/.ssh',
    '/root/etcd',
    '/home/me',
    '/home/me/.ssh',
    '/mnt/disk',
    '/etc/ssl/private',
    '/run/a/b',
    '/usr/local/etcd',
  ])('%s is not used by hw5 alone, and is rejected as the data directory', (directory) => {
    expect(configErrorsOf(`${NODES}etcd: {dataDir: ${directory}}`)).toEqual(
      starting('2:17 etcd.dataDir: not a directory that hw5 may own'),
    );
  });

  it.each(['/var/lib/hw5/etcd', '/var/lib/hw5/etcd-2', '/srv/etcd', '/home/me/etcd', '/mnt/disk/etcd', '/data/a-b/c.d'])(
    '%s is accepted as the data directory',
    (directory) => {
      expect(configErrorsOf(`${NODES}etcd: {dataDir: ${directory}}`)).toEqual([]);
    },
  );

  it.each(['debian:bookworm-slim', 'a', 'localhost:5000/a/b_c:V1', `quay.io/calico/node@sha256:${'a'.repeat(64)}`])(
    '%s is accepted as an image',
    (image) => {
      expect(configErrorsOf(`${NODES}images: {base: "${image}"}`)).toEqual([]);
    },
  );
});

describe('nodes', () => {
  it.each([
    ['none', 'name: a', '1:1 nodes: missing → list their addresses'],
    ['an empty list', 'nodes: []', 'nodes: missing'],
    ['one without an address', 'nodes: [{name: a}]', '1:9 nodes[0].address: missing'],
    ['an empty one', 'nodes: [10.0.0.1, null]', 'nodes[1]: must be a string or a map'],
    [
      'a number',
      'nodes: [10.1]',
      'nodes[0]: must be a string or a map (`key: value`), not a number → write its address as a string, or a map with the keys name, address',
    ],
    ['two with the same address', 'nodes: [10.0.0.1, 10.0.0.1]', '1:19 nodes[1]: nodes[0] already has the address 10.0.0.1'],
    [
      'two with the same name',
      'nodes: [{name: node1, address: 10.0.0.1}, 10.0.0.2]',
      'nodes[1]: nodes[0] already has the name node1',
    ],
    ['a host name for an address', 'nodes: [node0.example.org]', 'nodes[0]: not an IPv4 address'],
    ['an IPv6 address', 'nodes: ["fe80::1"]', 'nodes[0]: not an IPv4 address'],
    ['a loopback address', 'nodes: [127.0.0.1]', 'nodes[0]: 127.0.0.1 is a loopback address'],
    ['a link-local address', 'nodes: [169.254.3.1]', 'nodes[0]: 169.254.3.1 is a link-local address'],
  ])('%s are rejected', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(expect.arrayContaining(starting(expected)));
    // In particular, the network check does not report a loopback or link-local address a second time.
    expect(configErrorsOf(text)).toHaveLength(1);
  });
});

describe('roles', () => {
  const nodes = (...roles: string[]) =>
    `nodes:\n${roles.map((role, index) => `  - {address: 10.0.0.${index + 1}, roles: [${role}]}\n`).join('')}`;

  it.each([
    [
      'an even number of etcd members',
      nodes('etcd, master, agent, framework', 'etcd'),
      '3:32 nodes[1].roles: 2 etcd members (node0, node1): an even number',
    ],
    ['no etcd member', nodes('master, agent, framework'), 'nodes: no node is an etcd member'],
    ['two masters', nodes('etcd, master, agent, framework', 'master'), 'nodes[1].roles: 2 nodes have the role `master`'],
    ['no master', nodes('etcd, agent, framework'), 'nodes: no node is the Mesos master'],
    [
      'a master in addition to an external one',
      `${nodes('etcd, master, agent, framework')}mesos: {source: {master: "h:1"}}`,
      'nodes[0].roles: the Mesos master is external',
    ],
    ['no agent', nodes('etcd, master, framework'), 'nodes: no node is an agent'],
    ['no scheduler', nodes('etcd, master, agent'), 'nodes: no node runs the scheduler'],
    [
      'no scheduler, though there are no tasks',
      `${nodes('etcd, master, agent')}framework: {tasks: []}`,
      'nodes: no node runs the scheduler',
    ],
    [
      'a scheduler where no container can run',
      nodes('etcd, master, framework', 'agent, framework'),
      '2:32 nodes[0].roles: node0 runs the scheduler but is neither agent nor proxy',
    ],
    [
      'an unknown role',
      nodes('etcd, master, agent, framework', 'slave'),
      'nodes[1].roles[0]: unknown value "slave" → the possible values are etcd, master',
    ],
    [
      'a builder that is not a node',
      `${NODES}images: {builder: node7}`,
      '2:19 images.builder: there is no node named "node7" → did you mean `node0`?',
    ],
    [
      'a builder that is not an agent',
      `${nodes('etcd, master', 'agent, framework')}images: {builder: node0}`,
      'images.builder: node0 is not an agent → the agents are node1',
    ],
  ])('%s are rejected', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });
});

describe('the pool', () => {
  it.each([
    [
      "the nodes' network, even if it is the default",
      'nodes: [192.168.7.1]',
      '1:1 network.subnet: the pool 192.168.0.0/16 (the default) overlaps the network of node0 (192.168.7.0/24) → choose a network that is not in use, as `network: {subnet: 10.200.0.0/16}`',
    ],
    ["Docker's bridge", `${NODES}network: {subnet: 172.17.128.0/17}`, "overlaps Docker's own bridge"],
    ['the link-local network', `${NODES}network: {subnet: 169.254.0.0/16}`, 'overlaps the link-local network'],
    ['everything', `${NODES}network: {subnet: 0.0.0.0/0}`, 'overlaps the network of node0'],
  ])('must not overlap %s', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });

  it('suggested instead overlaps nothing itself', () => {
    const [error] = configErrorsOf('nodes: [192.168.7.1, 10.200.3.4, 172.30.0.9]');
    const subnet = /subnet: ([\d./]+)/.exec(error!.split('→')[1]!)![1];
    expect(configErrorsOf(`nodes: [192.168.7.1, 10.200.3.4, 172.30.0.9]\nnetwork: {subnet: ${subnet}}`)).toEqual([]);
  });
});

describe('ports', () => {
  it.each([
    ['etcd twice', `${NODES}etcd: {peerPort: 2379}`, "2:18 etcd.peerPort: port 2379 of node0 is also used by etcd's clients"],
    [
      'SSH and the proxy',
      `${NODES}proxy: {port: 22}`,
      'proxy.port: port 22 of node0 is also used by SSH → choose another port for the proxy',
    ],
    ['BGP and the agent', `${NODES}mesos: {agentPort: 179}`, "mesos.agentPort: port 179 of node0 is also used by BIRD's BGP"],
    [
      'the proxy and its API',
      `${NODES}proxy: {port: 8001}`,
      "2:15 proxy.port: port 8001 of node0 is also used by the proxy's API → choose another port for the proxy, or change proxy.apiPort",
    ],
    [
      'a service and the default of a later one',
      `${NODES}mesos: {masterPort: 8888}`,
      '2:21 mesos.masterPort: port 8888 of node0 is also used by the proxy → choose another port for the Mesos master, or change proxy.port',
    ],
    [
      'SSH and the default of etcd',
      `${NODES}ssh: {port: 2379}`,
      "2:13 ssh.port: port 2379 of node0 is also used by etcd's clients → choose another port for etcd's clients with etcd.clientPort",
    ],
    [
      'SSH of one node and the default of etcd',
      'nodes: [{address: 10.0.0.1, ssh: {port: 2380}}]',
      "1:41 nodes[0].ssh.port: port 2380 of node0 is also used by etcd's peers → choose another port for etcd's peers with etcd.peerPort",
    ],
  ])('are rejected when they collide: %s', (_, text, expected) => {
    expect(configErrorsOf(text)).toEqual(starting(expected));
  });

  it('below 1024 are accepted for the proxy', () => {
    expect(configErrorsOf(`${NODES}proxy: {port: 80, apiPort: 1024}`)).toEqual([]);
  });

  it('may be equal for services on different nodes', () => {
    const nodes = 'nodes: [{address: 10.0.0.1, roles: [etcd, master, agent, framework]}, {address: 10.0.0.2, roles: [proxy]}]\n';
    expect(configErrorsOf(`${nodes}proxy: {port: 5050}`)).toEqual([]);
  });

  it('of SSH do not collide when they belong to another host', () => {
    expect(configErrorsOf('nodes: [{address: 10.0.0.1, ssh: {host: nat.example.org, port: 8888}}]')).toEqual([]);
    expect(configErrorsOf('nodes: [{address: 10.0.0.1, ssh: {port: 8888}}]')).toHaveLength(1);
  });
});

describe('keys that exclude or require each other', () => {
  it.each([
    [
      'url and path',
      'calico: {calicoctl: {url: "http://a/b", path: c}}',
      '2:41 calico.calicoctl.path: `url` and `path` exclude each other',
    ],
    ['name and import', 'images: {base: {name: a, import: b}}', 'images.base.import: `name` and `import` exclude each other'],
    [
      'an image for Mesos of the host',
      'mesos: {source: {kind: host, image: a}}',
      'mesos.source.image: cannot be combined with `kind: host`',
    ],
    ['an external master without address', 'mesos: {source: {kind: image}}', 'mesos.source.image: the image is missing'],
    ['a principal alone', 'mesos: {principal: a}', 'mesos.secretFile: missing: a principal needs a secret'],
    ['a secret alone', 'mesos: {secretFile: a}', 'mesos.principal: missing: a secret needs a principal'],
    [
      'two sources of the sudo password',
      'ssh: {sudoPasswordEnv: A, sudoPasswordFile: b}',
      'ssh.sudoPasswordFile: `sudoPasswordEnv` and `sudoPasswordFile` exclude each other',
    ],
    ['a jump host without a name', 'ssh: {jump: {port: 23}}', 'ssh.jump.host: missing'],
  ])('are rejected: %s', (_, text, expected) => {
    expect(configErrorsOf(NODES + text)).toEqual(starting(expected));
  });

  it('are rejected: an external Mesos without its address', () => {
    expect(configErrorsOf(`${NODES}mesos: {source: external}`)).toEqual(starting('2:17 mesos.source: the master is missing'));
  });
});

describe('a secret in the file', () => {
  const SENTINEL = 'hunter2-sentinel';

  it.each([
    [`ssh: {password: ${SENTINEL}}`, 'ssh.password: secrets are not allowed in this file → use `passwordEnv: VARIABLE`'],
    [`ssh: {pasword: ${SENTINEL}}`, 'ssh.pasword: secrets are not allowed in this file'],
    [
      `ssh: {sudoPassword: ${SENTINEL}}`,
      'ssh.sudoPassword: secrets are not allowed in this file → use `sudoPasswordEnv: VARIABLE`',
    ],
    [`ssh: {passwordEnv: ${SENTINEL}}`, 'ssh.passwordEnv: not the name of an environment variable'],
    [`framework: {token: ${SENTINEL}}`, 'framework.token: secrets are not allowed in this file → use `tokenFile:`'],
    [`mesos: {secret: ${SENTINEL}}`, 'mesos.secret: secrets are not allowed in this file → use `secretFile:`'],
    [
      `calico: {calicoctl: {url: "https://me:${SENTINEL}@example.org/calicoctl"}}`,
      'calico.calicoctl.url: not an http or https URL',
    ],
  ])('is rejected and not repeated: %s', (text, expected) => {
    const errors = configErrorsOf(NODES + text);
    expect(errors).toEqual(starting(expected));
    expect(errors.join()).not.toContain(SENTINEL);
  });

  it('is not assumed when the name of a key for the place of a secret is misspelt', () => {
    expect(configErrorsOf(`${NODES}ssh: {password_env: A}`)).toEqual(starting('did you mean `passwordEnv`?'));
    expect(configErrorsOf(`${NODES}framework: {tokenfile: a}`)).toEqual(starting('did you mean `tokenFile`?'));
  });

  it('appears in no message, however broken the file is', () => {
    const breakage = fc.constantFrom(
      '"',
      "'",
      '[',
      '{',
      '}',
      ']',
      '\t',
      '\n',
      ': ',
      '- ',
      '|',
      '>',
      '#',
      '&',
      '!',
      '%',
      '@',
      '`',
      '---\n',
      '? ',
      ', ',
    );
    const text = `${NODES}ssh:\n  passwordEnv: `;
    fc.assert(
      fc.property(
        fc.array(breakage, {maxLength: 4}),
        fc.array(breakage, {maxLength: 4}),
        fc.boolean(),
        (before, after, isKey) => {
          // Names of aliases, tags and unknown enum values are shown on purpose, and a password before a colon is a key.
          const file = `${text}${before.filter((one) => !['&', '!', '? '].includes(one)).join('')}${SENTINEL} ${after.filter((one) => one !== ': ').join('')}${isKey ? '\nname: a\n' : ''}`;
          try {
            parseCluster(file, 'c.yaml');
          } catch (error) {
            if (!(error instanceof Hw5Errors)) throw error;
            const shown = error.errors.map((one) => `${one.message} ${one.hint}`).join();
            expect(shown).not.toContain(SENTINEL);
          }
        },
      ),
      {numRuns: 500},
    );
  });
});

describe('any file', () => {
  it('is a cluster or a list of errors with positions, never a crash', () => {
    const word = fc.constantFrom(
      'nodes',
      'ssh',
      'framework',
      'tasks',
      'name',
      'roles',
      '10.0.0.1',
      'etcd',
      '5',
      'null',
      '~',
      '<<',
      'x-a',
      'count',
      'addresses',
      'mesos',
      'source',
      'calico',
      'network',
      'subnet',
    );
    const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      value: fc.oneof(
        {maxDepth: 4},
        word,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), {maxLength: 3}),
        fc.dictionary(word, tie('value'), {maxKeys: 4}),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(word, value, {maxKeys: 5}), (data) => {
        for (const error of errorsOf(() => parseCluster(JSON.stringify(data), 'c.yaml'))) {
          expect(error.location.line).toBeGreaterThan(0);
          expect(error.location.column).toBeGreaterThan(0);
          expect(error.hint).toBeTruthy();
        }
      }),
      {numRuns: 500},
    );
  });
});
