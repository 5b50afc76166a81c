/** How a component does on a node. `absent`: hw5 has not brought it there (yet). */
export type ComponentState = 'healthy' | 'unhealthy' | 'absent';

export interface ComponentStatus {
  readonly state: ComponentState;
  /** In a few words: what answers, or what is amiss. */
  readonly detail: string;
}

export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  readonly reachable: boolean;
  /** Why it is not reachable. */
  readonly error?: string | undefined;
  /** How to mend that. */
  readonly hint?: string | undefined;
  readonly components: Readonly<Record<string, ComponentStatus>>;
  readonly peers: readonly BgpPeer[];
}

/** A row of `calicoctl node status`. */
export interface BgpPeer {
  readonly address: string;
  readonly type: string;
  readonly state: string;
  readonly since: string;
  readonly info: string;
}

export interface TaskStatus {
  readonly name: string;
  readonly state: string;
  readonly healthy: boolean | null;
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
    readonly state: ComponentState;
    readonly nodes: readonly string[];
  };
  readonly framework: {
    readonly state: ComponentState;
    readonly id: string | null;
    readonly leader: string | null;
    readonly connected: boolean;
    readonly master: string;
    /** Why the scheduler's state is not known although it answers: it is of another version, or broken. */
    readonly error?: string | undefined;
    readonly hint?: string | undefined;
  };
  readonly tasks: readonly TaskStatus[];
  readonly notebook: {readonly urls: readonly string[]};
}
