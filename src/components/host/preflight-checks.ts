import type {ClusterNode} from '../../cluster/cluster.js';
import type {FailedCheck} from '../../engine/step.js';
import {type Block, parseIpv4Block} from '../../support/block.js';
import type {Port} from '../component.js';

/** What preflight saw on a host; undefined where the command failed. */
export interface PreflightFacts {
  readonly release: string | undefined;
  readonly systemd: string | undefined;
  readonly apt: string | undefined;
  readonly docker: string | undefined;
  readonly node: string | undefined;
  readonly etcd: string | undefined;
  readonly swarm: string | undefined;
  readonly listeners: string | undefined;
  /** The process ids of those that may hold wanted ports, a line each. */
  readonly ours: string | undefined;
  readonly hasHw5: string | undefined;
  /** Those that are missing. */
  readonly packages: string | undefined;
  /** The tags of those that hw5 made. */
  readonly images: readonly string[] | undefined;
  readonly clock: string | undefined;
  readonly freeKilobytes: string | undefined;
  readonly gateway: string | undefined;
  readonly routes: string | undefined;
  readonly addresses: string | undefined;
}

export interface PreflightContext {
  readonly node: ClusterNode;
  /** The containers' pool. */
  readonly subnet: Block;
  readonly ports: readonly Port[];
  /** What the host's clock is compared with. */
  readonly clock: ReferenceClock;
  readonly isContainerHost: boolean;
  /** Tags of the images that a container host needs. */
  readonly images: readonly string[];
  readonly isEtcdMember: boolean;
  readonly needsNode: boolean;
}

const CLOCK_LIMIT_MS = 30_000;
/** Room under /var/lib for what is still to come, and for logs and etcd's data in any case. */
const DISK_MEGABYTES = {packages: 1024, images: 1792, data: 256};
/** hw5's own programs are built for it. */
const NODE_MAJOR = 18;

/** The framework uses etcd at /v3, which is there since 3.4. */
const ETCD_HINT =
  "hw5 needs etcd 3.4 or newer: make such an etcd-server and etcd-client available to apt, as Debian 12's, and run `apt-get update`";

export interface ReferenceClock {
  /** Ms since the epoch. */
  readonly now: number;
  /** Ends "its clock differs by 61 s from …". */
  readonly whose: string;
}

/**
 * The clock that the hosts should show: the median of theirs, all observed at the same moment. This computer's was read before anybody typed a
 * password, so it counts only where there is nothing else: for a single host, and to choose between the two in the middle.
 */
export function referenceClock(clocks: readonly (string | undefined)[], now: number): ReferenceClock {
  const sorted = clocks
    .filter((clock) => clock !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (sorted.length < 2) return {now, whose: "this computer's"};
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  return {now: Math.abs(lower - now) <= Math.abs(upper - now) ? lower : upper, whose: "the other hosts'"};
}

/** Everything that stands against the host, all at once. Pure. */
export function preflightChecks(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  return [
    ...system(observed),
    ...versions(observed, wanted),
    ...clock(observed, wanted),
    ...disk(observed, wanted),
    ...ports(observed, wanted),
    ...networking(observed, wanted),
  ];
}

function system(observed: PreflightFacts): readonly FailedCheck[] {
  const isDebian = /\b(debian|ubuntu)\b/.test(observed.release ?? '') && observed.apt !== undefined;
  return [
    ...(isDebian
      ? []
      : [
          {
            message: `this is ${observed.release ?? 'an unknown system'}, not Debian or Ubuntu`,
            hint: 'hw5 installs packages with apt: use Debian 12',
          },
        ]),
    ...(observed.systemd === 'systemd'
      ? []
      : [
          {message: `process 1 is ${observed.systemd ?? 'unknown'}, not systemd`, hint: 'hw5 runs its services as systemd units'},
        ]),
  ];
}

function versions(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  const problems: FailedCheck[] = [];
  const docker = /^(?:\d+:)?(\d+)\.(\d+)/.exec(observed.docker ?? '');
  if (wanted.isContainerHost && !docker) {
    problems.push({
      message: 'apt knows no package docker.io',
      hint: 'run `apt-get update`, and enable the universe component on Ubuntu',
    });
  } else if (wanted.isContainerHost && Number(docker![1]) > 20) {
    problems.push({
      message: `Docker ${docker![1]}.${docker![2]} has no --cluster-store any more (removed in Docker 23)`,
      hint: "install Docker 20.10, e.g. Debian 12's docker.io: `apt-get install docker.io`",
    });
  }
  if (wanted.isContainerHost && (observed.swarm || 'inactive') !== 'inactive') {
    problems.push({
      message: `its Docker is in swarm mode (${observed.swarm}), in which dockerd does not start with --cluster-store`,
      hint: '`docker swarm leave` (with --force on a manager) ends that, and the services of the swarm; else choose another host',
    });
  }
  const etcd = /^(?:\d+:)?(\d+)\.(\d+)/.exec(observed.etcd ?? '');
  if (wanted.isEtcdMember && !etcd) {
    problems.push({message: 'apt knows no package etcd-server', hint: ETCD_HINT});
  } else if (wanted.isEtcdMember && Number(etcd![1]) * 1000 + Number(etcd![2]) < 3004) {
    problems.push({
      message: `etcd here is ${etcd![1]}.${etcd![2]}, whose JSON gateway the framework does not speak`,
      hint: ETCD_HINT,
    });
  }
  const node = /^v(?:\d+:)?(\d+)/.exec(observed.node ?? '');
  if (wanted.needsNode && (!node || Number(node[1]) < NODE_MAJOR)) {
    problems.push({
      message: node ? `Node.js here is ${node[1]}` : 'apt knows no package nodejs',
      hint: `the proxy and the framework need Node.js ${NODE_MAJOR} or newer on the node; Debian 12's nodejs will do`,
    });
  }
  return problems;
}

function clock(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  if (observed.clock === undefined) return [];
  const difference = Math.abs(Number(observed.clock) - wanted.clock.now);
  if (difference <= CLOCK_LIMIT_MS) return [];
  return [
    {
      message: `its clock differs by ${Math.round(difference / 1000)} s from ${wanted.clock.whose}`,
      hint: 'set it, e.g. `timedatectl set-ntp true`: leases and logs depend on it',
    },
  ];
}

function disk(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  if (observed.freeKilobytes === undefined) return [];
  // where dockerd does not say what it has, an `up` that came as far as units has brought it
  const lacks = observed.images
    ? wanted.images.some((tag) => !observed.images!.includes(tag))
    : Number(observed.hasHw5 ?? 0) === 0;
  const coming = [
    ...(observed.packages === '' ? [] : (['packages'] as const)),
    ...(wanted.isContainerHost && lacks ? (['images'] as const) : []),
    'data' as const,
  ];
  const needed = coming.reduce((sum, part) => sum + DISK_MEGABYTES[part], 0);
  const free = Math.round(Number(observed.freeKilobytes) / 1024);
  if (free >= needed) return [];
  return [
    {
      message: `only ${free} MB are free under /var/lib`,
      hint: `${coming.join(', ').replace(/, (\w+)$/, ' and $1')} need ${needed} MB there`,
    },
  ];
}

/** Somebody who listens, as a line of `ss -Hltnp` tells. */
interface Listener {
  readonly address: string;
  readonly port: number;
  readonly programs: readonly {readonly name: string; readonly pid: string}[];
}

function parseListeners(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    // `0.0.0.0:22`, `*:22`, `[::]:22`, `127.0.0.53%lo:53`, `[::ffff:10.0.0.1]:80`
    const [, address, port] = /^\S+ +\S+ +\S+ +\[?(?:::ffff:)?([^\]\s]*?)(?:%[^\]\s]+)?\]?:(\d+)\s/.exec(`${line} `) ?? [];
    if (address === undefined) return [];
    const programs = [...line.matchAll(/\("([^"]+)",pid=(\d+)/g)].map(([, name, pid]) => ({name: name!, pid: pid!}));
    return [{address, port: Number(port), programs}];
  });
}

/** Ports that somebody else holds. Services of an earlier `up`, and those that hw5 itself will stop, are not somebody else. */
function ports(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  const ours = new Set(observed.ours?.split('\n'));
  const isUp = Number(observed.hasHw5 ?? 0) > 0;
  const others = parseListeners(observed.listeners ?? '').filter(({programs}) => !programs.some(({pid}) => ours.has(pid)));
  return wanted.ports.flatMap(({port, purpose, bind, processes = []}) => {
    if (bind === undefined) return [];
    const isInTheWay = ({address, programs}: Listener): boolean =>
      !(isUp && programs.some(({name}) => processes.includes(name))) &&
      (bind === 'everywhere' || ['0.0.0.0', '*', '::'].includes(address) || bind.includes(address));
    const other = others.find((one) => one.port === port && isInTheWay(one));
    if (!other) return [];
    const [program] = other.programs;
    const holder = program ? `${program.name} (process ${program.pid})` : 'another process';
    return [
      {
        message: `port ${port} (${purpose}) is held by ${holder}`,
        hint:
          port === 179
            ? `stop it: ${purpose} has this port everywhere`
            : `stop it, or give ${purpose} another port in the cluster file`,
      },
    ];
  });
}

function networking(observed: PreflightFacts, wanted: PreflightContext): readonly FailedCheck[] {
  const problems: FailedCheck[] = [];
  if (!new RegExp(`\\b${wanted.node.address.replaceAll('.', '\\.')}/`).test(observed.addresses ?? '')) {
    problems.push({
      message: `no interface has the address ${wanted.node.address}`,
      hint: 'nodes[].address is where the services listen; ssh.host is for another way in',
    });
  }
  if (wanted.isContainerHost && observed.gateway === undefined) {
    problems.push({
      message: 'no route covers 169.254.1.1',
      hint: 'containers use it as their gateway: a default route is enough',
    });
  }
  const clash = foreignNetworks(observed).find((network) => network.overlaps(wanted.subnet));
  if (clash) {
    problems.push({
      message: `its network ${clash} overlaps the containers' pool ${wanted.subnet}`,
      hint: 'choose another pool with network.subnet',
    });
  }
  return problems;
}

/** Networks the host is on or has routes to, but for those that Calico made. */
function foreignNetworks(observed: PreflightFacts): readonly Block[] {
  return (observed.routes ?? '')
    .split('\n')
    .filter((line) => !/proto bird|dev cali|^blackhole|^default/.test(line))
    .flatMap((line) => {
      const destination = line.split(' ')[0] ?? '';
      const network = parseIpv4Block(destination.includes('/') ? destination : `${destination}/32`);
      return network ? [network] : [];
    });
}
