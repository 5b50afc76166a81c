import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Action} from './action.js';
import type {FactMap, FactOutput, Observed} from './fact.js';
import type {Inputs} from './inputs.js';

/** Where a step is planned. */
export interface StepContext {
  readonly node: ClusterNode;
  readonly cluster: Cluster;
  readonly inputs: Inputs;
  /** The names of the hosts that could not be reached when the run began. */
  readonly unreachable: ReadonlySet<string>;
}

export interface PlanContext<F extends FactMap> extends StepContext {
  /** By node: the step's facts on all its reachable hosts (`undoTargets` for `down`), in the order of the cluster file, this node's included. */
  readonly allObserved: ReadonlyMap<string, Observed<F>>;
}

export interface UndoContext<F extends FactMap = FactMap> extends PlanContext<F> {
  /** Data and images are removed, too. */
  readonly purge: boolean;
  /** Only this host loses the step, because it has lost a role; the cluster stays up. */
  readonly isRetired: boolean;
}

/** A condition that a host does not meet and hw5 cannot fix. */
export interface FailedCheck {
  readonly message: string;
  /** How the user can fix it. */
  readonly hint: string;
}

/** A wait whose script exits with this code ends immediately. No program that the scripts run exits with it. */
export const HOPELESS = 113;

/** What must be true before the steps that need this one start. A script is run repeatedly until it exits with 0. */
export interface Wait {
  /** Completes the sentence "waiting for …". */
  readonly reason: string;
  /**
   * Prints what is missing. It exits with HOPELESS when waiting longer is of no use: while it is waited for, the environment contains
   * `HW5_WAIT_BEGAN`, the time at which the wait began, in seconds since 1970.
   */
  readonly script: string;
  /**
   * What is missing, by the script's output, where the exit code is not enough; undefined when nothing is. The script is then run from the
   * controller for each attempt; without it, the attempts are a loop on the host.
   */
  readonly missing?: (output: FactOutput) => string | undefined;
  readonly limitSeconds: number;
  readonly hint?: string | undefined;
}

/**
 * A step that must be done before. By name: on the same host, if the step is for it, else on all its hosts. A host that cannot be reached
 * blocks the others only if no other host has the step.
 */
export type Need = string | {readonly step: string; readonly everywhere: true};

/** One part of the cluster: how to observe it, what to change, how to wait for it, how to remove it. */
export interface Step<F extends FactMap = FactMap> {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly Need[] | ((node: ClusterNode, cluster: Cluster) => readonly Need[]);
  readonly targets: (cluster: Cluster) => readonly ClusterNode[];
  /**
   * The hosts from which `down` removes it. Default: `targets`. A step whose hosts are chosen by role names all nodes, because a node that
   * has lost the role still has what was installed; `facts` and `undo` must then work on any node. `up` removes the step from those of them
   * that are no targets.
   */
  readonly undoTargets?: (cluster: Cluster) => readonly ClusterNode[];
  /** What to observe. Changes nothing. */
  readonly facts: (context: StepContext) => F;
  /** What the host does not meet. Evaluated before `up` changes any host, and again when the step starts. */
  readonly check?: (observed: Observed<F>, context: PlanContext<F>) => readonly FailedCheck[];
  /** Pure: the actions that lead from the observed state to the desired one. Empty: nothing to do. */
  readonly plan: (observed: Observed<F>, context: PlanContext<F>) => readonly Action[];
  readonly ready?: (context: StepContext) => Wait;
  /** The systemd units that it runs. The wait for `ready` ends when one of them has clearly failed. */
  readonly units?: readonly string[];
  /** Whether hosts have to be changed one after the other, as in a rolling restart of members that already run. */
  readonly isRolling?: (observed: Observed<F>) => boolean;
  /** Pure: the actions that remove what `plan` installed. Empty when nothing of it exists. */
  readonly undo: (observed: Observed<F>, context: UndoContext<F>) => readonly Action[];
}

/** Checks the types of a step's facts against their uses. */
export function defineStep<F extends FactMap>(step: Step<F>): Step {
  return step as unknown as Step;
}

/** The need of a step on all its hosts. */
export function everywhere(step: string): Need {
  return {step, everywhere: true};
}
