import type {BgpPeer} from '../components/calico/node-status.js';
import type {Policy} from '../components/calico/policies.js';
import type {Health, HealthState} from '../components/health.js';

export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  readonly reachable: boolean;
  /** Why it is not reachable. */
  readonly error?: string | undefined;
  /** How to fix that. */
  readonly hint?: string | undefined;
  readonly components: Readonly<Record<string, Health>>;
  readonly peers: readonly BgpPeer[];
}

export interface TaskStatus {
  readonly name: string;
  readonly state: string;
  readonly healthy: boolean | null;
  readonly isConfirmed: boolean;
  readonly node: string | null;
  readonly ip: string;
  readonly image: string;
  readonly restarts: number;
  readonly message: string;
}

/** What `hw5 status --json` prints. A stable interface. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly healthy: boolean;
  readonly nodes: readonly NodeStatus[];
  readonly network: {
    readonly name: string;
    readonly subnet: string;
    readonly state: HealthState;
    readonly nodes: readonly string[];
  };
  readonly framework: {
    readonly state: HealthState;
    readonly id: string | null;
    readonly leader: string | null;
    readonly connected: boolean;
    readonly master: string;
    /** Why the scheduler's state is not known although it answers: it is of another version, or broken. */
    readonly error?: string | undefined;
    readonly hint?: string | undefined;
  };
  readonly tasks: readonly TaskStatus[];
  readonly notebook: {
    readonly urls: readonly string[];
    /**
     * Calico's policies, which can cut the notebook off. Observed only while a proxy cannot reach it; null if calicoctl could not read them
     * on any node.
     */
    readonly policies?: readonly Policy[] | null;
  };
}
