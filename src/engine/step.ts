import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Action} from './action.js';
import type {FactMap, Observed} from './fact.js';
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
  /** What the same facts showed on all reachable hosts of the step (`undoTargets` for `down`), in the file's order, this node's included. */
  readonly allObserved: ReadonlyMap<string, Observed<F>>;
}

export interface UndoContext<F extends FactMap = FactMap> extends PlanContext<F> {
  /** Data and images go too. */
  readonly purge: boolean;
  /** Only this host loses the step, because it lost a role; the cluster goes on. */
  readonly isRetired: boolean;
}

/** What stands against a step on a host, found before anything is changed. */
export interface FailedCheck {
  readonly message: string;
  readonly hint: string;
}

/** A wait: a script, run on the host again and again, until it ends with 0. What it prints says what is missing. */
export interface Wait {
  /** Ends "waiting for …". */
  readonly reason: string;
  readonly script: string;
  readonly limitSeconds: number;
  readonly hint?: string | undefined;
}

/**
 * A step that must be done before. Default: on the same host, if the step is for it, else on all its hosts. A host that cannot be reached
 * holds up the others only where no other host has the step.
 */
export type Need = string | {readonly step: string; readonly everywhere: true};

/** One part of the cluster: how to see it, what to change, how to wait for it, how to take it away. */
export interface Step<F extends FactMap = FactMap> {
  readonly name: string;
  readonly title: string;
  readonly needs: readonly Need[] | ((node: ClusterNode, cluster: Cluster) => readonly Need[]);
  readonly targets: (cluster: Cluster) => readonly ClusterNode[];
  /**
   * Where `down` looks for it: default, `targets`. A step whose hosts are chosen by role names all nodes, as a role that was taken away
   * leaves what it brought; `facts` and `undo` must then do on any node. `up` takes away what it finds on those that are no targets.
   */
  readonly undoTargets?: (cluster: Cluster) => readonly ClusterNode[];
  /** Looks only. */
  readonly facts: (context: StepContext) => F;
  /** What cannot be mended by hw5, and how the user can. Asked before `up` changes anything anywhere, and again at the step's turn. */
  readonly check?: (observed: Observed<F>, context: PlanContext<F>) => readonly FailedCheck[];
  /** Pure: the actions that lead from what was observed to what should be. Empty: nothing to do. */
  readonly plan: (observed: Observed<F>, context: PlanContext<F>) => readonly Action[];
  /** What must be true before the steps that need this one start. */
  readonly ready?: (context: StepContext) => Wait;
  /** Whether hosts have to be changed one after the other, as in a rolling restart of members that already run. */
  readonly isRolling?: (observed: Observed<F>) => boolean;
  /** Pure: takes away what `plan` brought. Empty when nothing of it is there. */
  readonly undo: (observed: Observed<F>, context: UndoContext<F>) => readonly Action[];
}

/** Gives a step's facts their types. */
export function defineStep<F extends FactMap>(step: Step<F>): Step {
  return step as unknown as Step;
}

/** A need that covers every host of the step. */
export function everywhere(step: string): Need {
  return {step, everywhere: true};
}
