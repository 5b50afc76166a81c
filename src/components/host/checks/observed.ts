import type {ClusterNode} from '../../../cluster/cluster.js';
import type {Block} from '../../../support/block.js';
import type {Port} from '../../component.js';
import type {ReferenceClock} from './clock.js';

/** What preflight observed on a host; undefined where the command failed. */
export interface PreflightFacts {
  readonly release: string | undefined;
  /** The name of process 1. */
  readonly systemd: string | undefined;
  readonly apt: string | undefined;
  readonly docker: string | undefined;
  readonly node: string | undefined;
  readonly etcd: string | undefined;
  readonly swarm: string | undefined;
  readonly listeners: string | undefined;
  /** The ids of processes that may hold the components' ports, one per line. */
  readonly allowed: string | undefined;
  /** How many systemd units of hw5 are installed. */
  readonly hasHw5: string | undefined;
  /** The Debian packages that are missing. */
  readonly packages: string | undefined;
  /** The tags of the images that hw5 has built. */
  readonly images: readonly string[] | undefined;
  readonly clock: string | undefined;
  readonly freeKilobytes: string | undefined;
  readonly gateway: string | undefined;
  readonly routes: string | undefined;
  readonly addresses: string | undefined;
}

/** What the host must be able to do. */
export interface PreflightContext {
  readonly node: ClusterNode;
  /** The containers' pool. */
  readonly subnet: Block;
  readonly ports: readonly Port[];
  readonly clock: ReferenceClock;
  readonly isContainerHost: boolean;
  /** The tags of the images that a container host needs. */
  readonly images: readonly string[];
  readonly isEtcdMember: boolean;
  readonly needsNode: boolean;
}
