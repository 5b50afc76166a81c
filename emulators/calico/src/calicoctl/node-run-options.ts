import {isIPv4, isIPv6} from 'node:net';
import {parseIpv4} from '../model/ipv4.js';
import type {NodeEnvironment} from '../node/environment.js';
import {type FlagSpec, parseFlags} from './flags.js';
import {CommandFailure} from './io.js';

/** The flags of `calicoctl node run`, v1.6.5. */
export const NODE_RUN_FLAGS: FlagSpec = {
  values: {
    ip: undefined,
    ip6: undefined,
    as: undefined,
    name: undefined,
    'ip-autodetection-method': 'first-found',
    'ip6-autodetection-method': 'first-found',
    'log-dir': '/var/log/calico',
    'node-image': 'quay.io/calico/node:latest',
    backend: 'bird',
    config: '/etc/calico/calicoctl.cfg',
    'docker-networking-ifprefix': 'cali',
  },
  booleans: [
    'no-default-ippools',
    'dryrun',
    'init-system',
    'disable-docker-networking',
    'use-docker-networking-container-labels',
  ],
  short: {c: 'config'},
};

export interface NodeRunOptions {
  /** `autodetect`, an address, or undefined: the node's recorded address, else autodetect. */
  readonly ip: string | undefined;
  readonly name: string;
  readonly autodetection: string;
  readonly config: string;
  readonly isDryRun: boolean;
  /** Only for the command that --dryrun prints. */
  readonly isInitSystem: boolean;
  /** Only for the command that --dryrun prints: the emulator runs no container. */
  readonly image: string;
  /** The settings that depend on the flags only. */
  readonly environment: Omit<NodeEnvironment, 'address' | 'network' | 'etcdEndpoints'>;
}

/** Parses and checks the flags. Those that the emulator does not support are rejected and not ignored. */
export function parseNodeRunOptions(args: readonly string[], hostname: string): NodeRunOptions {
  const {values, booleans} = parseFlags(['node', 'run'], args, NODE_RUN_FLAGS);
  const failure = (reason: string) => new CommandFailure(`Error executing command: ${reason}`);
  const unsupported = (what: string) => failure(`${what} is not supported by the lab's Calico emulator`);
  const {ip, backend = 'bird', 'docker-networking-ifprefix': prefix = 'cali'} = values;

  const autodetection = values['ip-autodetection-method'] ?? 'first-found';
  if (ip !== undefined && ip !== 'autodetect' && parseIpv4(ip) === undefined) {
    throw failure(isIPv6(ip) ? '--ip is wrong IP version' : `invalid IP address specified: ${ip}`);
  }
  const {ip6} = values;
  if (ip6 !== undefined && ip6 !== 'autodetect' && !isIPv6(ip6))
    throw failure(isIPv4(ip6) ? '--ip6 is wrong IP version' : `invalid IP address specified: ${ip6}`);
  if (ip6 !== undefined) throw unsupported('--ip6');
  if (!['bird', 'gobgp', 'none'].includes(backend)) throw failure(`unknown backend '${backend}'`);
  if (backend === 'gobgp') throw unsupported('--backend=gobgp');
  if (!/^[a-zA-Z0-9]+$/.test(prefix)) throw failure(`invalid interface prefix '${prefix}'`);
  if (booleans.has('init-system') && !booleans.has('dryrun')) throw unsupported('--init-system (systemd runs it anyway)');
  if (booleans.has('use-docker-networking-container-labels')) throw unsupported('--use-docker-networking-container-labels');
  if (!/^(first-found|can-reach=.*|(skip-)?interface=.*)$/.test(autodetection)) {
    throw failure(`invalid IP autodetection method: ${autodetection}`);
  }
  const name = values.name || hostname;
  if (name === '') throw failure('unable to determine node name');

  return {
    ip,
    name,
    autodetection,
    config: values.config ?? '/etc/calico/calicoctl.cfg',
    isDryRun: booleans.has('dryrun'),
    isInitSystem: booleans.has('init-system'),
    image: values['node-image'] ?? 'quay.io/calico/node:latest',
    environment: {
      nodeName: name,
      backend: backend as 'bird' | 'none',
      interfacePrefix: prefix,
      isLibnetworkEnabled: !booleans.has('disable-docker-networking'),
      createsProfiles: true,
      logDirectory: values['log-dir'] ?? '/var/log/calico',
      hasDefaultPools: !booleans.has('no-default-ippools'),
      ...(values.as === undefined ? {} : {asNumber: plainAsNumber(values.as, failure)}),
    },
  };
}

/** Converts the dotted form: `65.1` is 65 × 65536 + 1. */
function plainAsNumber(text: string, failure: (reason: string) => Error): string {
  const [, high, low] = /^(?:(\d+)\.)?(\d+)$/.exec(text) ?? [];
  const value = low === undefined ? Number.NaN : Number(high ?? 0) * 65_536 + Number(low);
  if (!(value >= 0 && value <= 0xffffffff)) throw failure(`invalid AS Number specified: ${text}`);
  return String(value);
}
