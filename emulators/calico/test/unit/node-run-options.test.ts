import {describe, expect, it} from 'vitest';
import {parseFlags} from '../../src/calicoctl/flags.js';
import {dryRunText} from '../../src/calicoctl/node-run-docker.js';
import {parseNodeRunOptions} from '../../src/calicoctl/node-run-options.js';
import {unitsOf} from '../../src/calicoctl/units.js';
import {readEnvironment, renderEnvironment} from '../../src/node/environment.js';
import {detectAddress} from '../../src/node/interfaces.js';

const parse = (...args: string[]) => parseNodeRunOptions(args, 'myhost');

describe('flags', () => {
  const spec = {
    values: {output: 'ps', filename: undefined},
    booleans: ['skip-exists'],
    short: {o: 'output', f: 'filename', s: 'skip-exists'},
    positionals: 2,
  };

  it.each([[['-o', 'wide', 'nodes']], [['-owide', 'nodes']], [['--output=wide', 'nodes']], [['nodes', '--output', 'wide']]])(
    'are parsed as by docopt: %j',
    (args) => {
      expect(parseFlags(['get'], args, spec)).toMatchObject({values: {output: 'wide'}, positionals: ['nodes']});
    },
  );

  it('may be standard input, booleans, or missing with a default', () => {
    const flags = parseFlags(['create'], ['-f', '-', '-s'], spec);
    expect(flags.values).toEqual({output: 'ps', filename: '-'});
    expect([...flags.booleans]).toEqual(['skip-exists']);
  });

  it.each([[['--nothing']], [['-x']], [['--output']], [['a', 'b', 'c']], [['--skip-exists=yes']]])(
    'that are invalid give an error with the whole command: %j',
    (args) => {
      expect(() => parseFlags(['get'], args, spec)).toThrow(
        `Invalid option: 'calicoctl get ${args.join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
      );
    },
  );
});

describe('calicoctl node run', () => {
  it('accepts all flags of v1.6.5', () => {
    const options = parse(
      '--ip=198.18.0.10',
      '--name',
      'node0',
      '--as=65001',
      '--ip-autodetection-method=first-found',
      '--ip6-autodetection-method=first-found',
      '--log-dir=/tmp',
      '--node-image=quay.io/calico/node:v2.6.12',
      '--backend=none',
      '-c',
      '/x.cfg',
      '--no-default-ippools',
      '--dryrun',
      '--init-system',
      '--disable-docker-networking',
      '--docker-networking-ifprefix=eth',
    );
    expect(options).toEqual({
      ip: '198.18.0.10',
      name: 'node0',
      autodetection: 'first-found',
      config: '/x.cfg',
      isDryRun: true,
      isInitSystem: true,
      image: 'quay.io/calico/node:v2.6.12',
      environment: {
        nodeName: 'node0',
        backend: 'none',
        interfacePrefix: 'eth',
        isLibnetworkEnabled: false,
        createsProfiles: true,
        hasDefaultPools: false,
        logDirectory: '/tmp',
        asNumber: '65001',
      },
    });
  });

  it('requires none of them', () => {
    expect(parse()).toMatchObject({
      ip: undefined,
      name: 'myhost',
      isDryRun: false,
      environment: {backend: 'bird', interfacePrefix: 'cali'},
    });
  });

  it.each([
    ['--ip=300.1.1.1', 'invalid IP address specified: 300.1.1.1'],
    ['--ip=fe80::1', '--ip is wrong IP version'],
    ['--ip=garbage', 'invalid IP address specified: garbage'],
    ['--ip-autodetection-method=x', 'invalid IP autodetection method: x'],
    ['--backend=frr', "unknown backend 'frr'"],
    ['--docker-networking-ifprefix=a-b', "invalid interface prefix 'a-b'"],
    ['--as=x', 'invalid AS Number specified: x'],
    ['--ip6=1.2.3.4', '--ip6 is wrong IP version'],
    ['--ip6=x', 'invalid IP address specified: x'],
    ['--backend=gobgp', "--backend=gobgp is not supported by the lab's Calico emulator"],
    ['--ip6=fe80::1', "--ip6 is not supported by the lab's Calico emulator"],
  ])('rejects %s', (flag, reason) => {
    expect(() => parse(flag)).toThrow(`Error executing command: ${reason}`);
  });

  it('uses the host name where the name is empty, and fails without both', () => {
    expect(parse('--name=').name).toBe('myhost');
    expect(() => parseNodeRunOptions([], '')).toThrow('unable to determine node name');
  });

  it('accepts the dotted form of AS numbers', () => {
    expect(parse('--as=1.10').environment.asNumber).toBe('65546');
  });

  it('starts only the units that the node needs', () => {
    expect(unitsOf(parse('--disable-docker-networking').environment)).toEqual({
      enabled: ['calico-felix.service', 'calico-bird.service'],
      disabled: ['calico-libnetwork.service'],
    });
  });
});

describe('calicoctl node run --dryrun', () => {
  it("prints the docker command of upstream's container", () => {
    const options = parse('--ip=198.18.0.10', '--name=node0', '--node-image=quay.io/calico/node:v2.6.12', '--no-default-ippools');
    expect(dryRunText(options, ['http://a:2379', 'http://b:2379'])).toBe(
      `Use the following command to start the calico/node container:

docker run --net=host --privileged --name=calico-node -d --restart=always -e NODENAME=node0 -e CALICO_NETWORKING_BACKEND=bird \
-e CALICO_LIBNETWORK_ENABLED=true -e NO_DEFAULT_POOLS=true -e IP=198.18.0.10 -e ETCD_ENDPOINTS=http://a:2379,http://b:2379 \
-v /var/log/calico:/var/log/calico -v /var/run/calico:/var/run/calico -v /lib/modules:/lib/modules -v /run:/run \
-v /run/docker/plugins:/run/docker/plugins -v /var/run/docker.sock:/var/run/docker.sock quay.io/calico/node:v2.6.12

If you are running calico/node in an init system, use the --init-system flag
to display the appropriate start and stop commands.
`.replaceAll('\\\n', ''),
    );
  });

  it('prints the commands for an init system, and only the options that are set', () => {
    const text = dryRunText(parse('--init-system', '--dryrun', '--disable-docker-networking', '--as=65001'), ['http://a:2379']);
    expect(text).toContain('--name=calico-node --rm -e NODENAME=myhost');
    expect(text).toContain('CALICO_LIBNETWORK_ENABLED=false -e AS=65001 -e ETCD_ENDPOINTS=http://a:2379');
    expect(text).not.toContain('docker.sock');
    expect(text).toContain('docker stop calico-node');
  });
});

describe('the environment file', () => {
  const environment = {
    ...parse('--name=node0', '--no-default-ippools').environment,
    address: '198.18.0.10',
    network: '198.18.0.0/24',
    etcdEndpoints: ['http://a:2379', 'http://b:2379'],
  };
  const variables = (text: string) =>
    Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

  it('passes the settings of node run to the services', () => {
    expect(readEnvironment(variables(renderEnvironment(environment)))).toEqual(environment);
    const withAs = {
      ...environment,
      asNumber: '65001',
      hasDefaultPools: true,
      isLibnetworkEnabled: false,
      backend: 'none' as const,
    };
    expect(readEnvironment(variables(renderEnvironment(withAs)))).toEqual(withAs);
  });

  it('is required: the error names the command that writes it', () => {
    expect(() => readEnvironment({})).toThrow('NODENAME is not set: run `calicoctl node run` first');
  });
});

describe('address detection', () => {
  const interfaces = [
    {name: 'lo', address: '127.0.0.1', network: '127.0.0.0/8'},
    {name: 'docker0', address: '172.17.0.1', network: '172.17.0.0/16'},
    {name: 'host0', address: '169.254.3.4', network: '169.254.0.0/16'},
    {name: 'host0', address: '198.18.0.10', network: '198.18.0.0/24'},
    {name: 'eth1', address: '10.0.0.1', network: '10.0.0.0/8'},
  ];

  it("finds the first address that is not a container network's", () => {
    expect(detectAddress('first-found', interfaces)?.address).toBe('198.18.0.10');
  });

  it('finds the interface that matches the expression', () => {
    expect(detectAddress('interface=ens.*,eth\\d', interfaces)?.address).toBe('10.0.0.1');
    expect(detectAddress('interface=wlan', interfaces)).toBeUndefined();
    expect(detectAddress('skip-interface=host.*', interfaces)?.address).toBe('10.0.0.1');
  });

  it('rejects other methods', () => {
    expect(() => detectAddress('can-reach=8.8.8.8', interfaces)).toThrow('Invalid IP autodetection method');
  });
});
