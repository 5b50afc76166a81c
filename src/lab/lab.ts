import {join} from 'node:path';
import type {Address} from '../support/address.js';
import {type Block, blockLiteral, hasHostBits, parseIpv4Block} from '../support/block.js';
import {UsageError} from '../support/errors.js';
import {sha256} from '../support/sha256.js';
import type {LabHost} from './host.js';
import {checkGiven, type GivenUpstream, type Mount, mountsOf} from './upstream/given.js';

/** What a user may choose. */
export interface LabOptions extends GivenUpstream {
  /** Default `hw5`. */
  readonly name?: string | undefined;
  /** Machines, 1 to 9. Default 3. */
  readonly count?: number | undefined;
  /** IPv4 network in CIDR notation, /27 or larger. Default 198.18.0.0/25. */
  readonly subnet?: string | undefined;
  /** Machines whose sudo requires a password. */
  readonly sudoPassword?: readonly string[] | undefined;
}

/** The options with defaults filled in. Stored in the lab's state directory. */
export interface LabDefinition extends GivenUpstream {
  readonly name: string;
  readonly count: number;
  readonly subnet: string;
  readonly sudoPassword: readonly string[];
}

/** A lab: its definition and everything derived from it. Pure data, whether or not the lab is up. */
export interface Lab extends LabDefinition {
  /** `subnet`, parsed. */
  readonly network: Block;
  /** The bridge's address, the machines' default route. */
  readonly gateway: Address;
  readonly bridge: string;
  /** The name of the lab's chain in every iptables table it uses. */
  readonly chain: string;
  readonly directory: string;
  readonly runDirectory: string;
  readonly files: {
    readonly definition: string;
    readonly cluster: string;
    readonly key: string;
    readonly knownHosts: string;
    /** A copy, as the checkout that made the lab may be removed while the lab stays. */
    readonly calicoctl: string;
  };
  /** What the machines see of the host. */
  readonly mounts: readonly Mount[];
  readonly machines: readonly LabMachine[];
}

export interface LabMachine {
  /** node0, node1 … */
  readonly name: string;
  readonly address: Address;
  /** What systemd-nspawn calls it; unique on the host. The host's end of its network cable is `vb-` and this. */
  readonly nspawnName: string;
  readonly directory: string;
  readonly console: string;
  readonly pidFile: string;
  /** 0600; exists only where sudo requires a password. */
  readonly sudoPasswordFile: string;
}

export const LAB_USER = 'hw5';
/** Half of 198.18.0.0/24; the tests' labs have other subnets, so that all can be up at the same time. */
export const DEFAULT_LAB = {name: 'hw5', count: 3, subnet: '198.18.0.0/25'} as const;
/** Where the machines start in their subnet; .1 is the bridge. */
const FIRST_MACHINE = 10;
/** IFNAMSIZ less the closing zero. */
const INTERFACE_NAME_LENGTH = 15;

/** Fills in the defaults and checks. @throws UsageError */
export function defineLab(options: LabOptions): LabDefinition {
  const name = options.name ?? DEFAULT_LAB.name;
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name)) {
    throw new UsageError(`"${name}" is not a valid name for a lab`, {
      hint: 'use up to 20 lower-case letters, digits and hyphens, a letter first',
    });
  }
  const count = options.count ?? DEFAULT_LAB.count;
  if (!Number.isInteger(count) || count < 1 || count > 9) {
    throw new UsageError(`a lab has 1 to 9 machines, not ${count}`);
  }
  const subnet = options.subnet ?? DEFAULT_LAB.subnet;
  const network = parseIpv4Block(subnet);
  if (!network || hasHostBits(subnet) || network.prefix > 27 || network.prefix < 8) {
    throw new UsageError(`"${options.subnet}" is not a subnet for a lab`, {
      hint: 'give a network as 198.18.0.0/24, /27 or larger',
    });
  }
  const sudoPassword = [...new Set(options.sudoPassword ?? [])].sort();
  const unknown = sudoPassword.find((machine) => !machineNames(count).includes(machine));
  if (unknown !== undefined) {
    throw new UsageError(`the lab has no machine ${unknown}`, {hint: `its machines are ${machineNames(count).join(', ')}`});
  }
  const {calico, mesos} = options;
  checkGiven({calico, mesos});
  return {name, count, subnet, sudoPassword, ...(calico === undefined ? {} : {calico}), ...(mesos === undefined ? {} : {mesos})};
}

/** Everything that follows from a definition. */
export function labFrom(definition: LabDefinition, host: LabHost): Lab {
  const {name} = definition;
  const network = blockLiteral(definition.subnet);
  const directory = join(host.state, name);
  const runDirectory = join(host.run, name);
  return {
    ...definition,
    network,
    gateway: network.nth(1)!,
    bridge: shorten(`br-${name}`, INTERFACE_NAME_LENGTH),
    chain: `HW5-LAB-${name}`,
    directory,
    runDirectory,
    files: {
      definition: join(directory, 'lab.json'),
      cluster: join(directory, 'cluster.yaml'),
      key: join(directory, 'id_ed25519'),
      knownHosts: join(directory, 'known_hosts'),
      calicoctl: join(directory, 'calicoctl'),
    },
    mounts: mountsOf(definition),
    machines: machineNames(definition.count).map((machine, index) => ({
      name: machine,
      address: network.nth(FIRST_MACHINE + index)!,
      nspawnName: shorten(`${name}-${machine}`, INTERFACE_NAME_LENGTH - 'vb-'.length),
      directory: join(directory, machine),
      console: join(directory, machine, 'console.log'),
      pidFile: join(runDirectory, `${machine}.json`),
      sudoPasswordFile: join(directory, `${machine}.sudo-password`),
    })),
  };
}

/** @throws UsageError when the lab has no such machine */
export function machineOf(lab: Lab, name: string): LabMachine {
  const machine = lab.machines.find((candidate) => candidate.name === name);
  if (machine) return machine;
  throw new UsageError(`the lab ${lab.name} has no machine ${name}`, {
    hint: `its machines are ${lab.machines.map((each) => each.name).join(', ')}`,
  });
}

function machineNames(count: number): string[] {
  return Array.from({length: count}, (_, index) => `node${index}`);
}

/** Keeps names readable where they fit; where not, a digest keeps two long ones apart. */
function shorten(name: string, length: number): string {
  if (name.length <= length) return name;
  const digest = sha256(name).slice(0, 6);
  return `${name.slice(0, length - 7)}-${digest}`;
}
