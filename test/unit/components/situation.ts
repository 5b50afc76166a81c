import type {Cluster, Role} from '../../../src/cluster/cluster.js';
import {parseCluster} from '../../../src/cluster/load.js';
import {type Action, describe, type WriteAction} from '../../../src/engine/action.js';
import type {FactMap, Observed} from '../../../src/engine/fact.js';
import type {FileState, UnitState} from '../../../src/engine/facts.js';
import type {Inputs} from '../../../src/engine/inputs.js';
import type {PlanContext, Step} from '../../../src/engine/step.js';
import {fakeInputs} from '../../support/fake-inputs.js';

/** Three machines of the lab's network; `more` is YAML for the rest. */
export function clusterOf(more = ''): Cluster {
  return parseCluster(
    `nodes: [198.18.0.10, 198.18.0.11, 198.18.0.12]\nnetwork: {subnet: 192.168.0.0/16}\n${more}`,
    '/here/cluster.yaml',
  );
}

/** The same cluster, in which one node has other roles. */
export function withRoles(cluster: Cluster, name: string, roles: readonly Role[]): Cluster {
  return {...cluster, nodes: cluster.nodes.map((node) => (node.name === name ? {...node, roles} : node))};
}

/** A unit that systemd does not know. */
export const NO_UNIT: UnitState = {
  isLoaded: false,
  isActive: false,
  activeState: 'inactive',
  isPausing: false,
  isEnabled: false,
  isMasked: false,
  needsReload: false,
  restarts: 0,
};
export const RUNS: UnitState = {...NO_UNIT, isLoaded: true, isActive: true, activeState: 'active', isEnabled: true};

export interface Situation {
  readonly node?: string;
  readonly cluster?: Cluster;
  readonly inputs?: Inputs;
  /** The step's facts on the other nodes. */
  readonly others?: Readonly<Record<string, object>>;
  readonly purge?: boolean;
  readonly isRetired?: boolean;
  readonly unreachable?: ReadonlySet<string>;
}

export function contextOf(
  observed: object,
  {
    node = 'node0',
    cluster = clusterOf(),
    inputs = fakeInputs(),
    others = {},
    purge = false,
    isRetired = false,
    unreachable = new Set(),
  }: Situation = {},
): PlanContext<FactMap> & {
  purge: boolean;
  isRetired: boolean;
} {
  const all: Record<string, object> = {...others, [node]: observed};
  return {
    node: cluster.nodes.find((one) => one.name === node)!,
    cluster,
    inputs,
    purge,
    isRetired,
    unreachable,
    allObserved: new Map(cluster.nodes.flatMap(({name}) => (all[name] ? [[name, all[name] as Observed<FactMap>] as const] : []))),
  };
}

/** The step's plan where its facts have these values. */
export function plan(step: Step, observed: object, situation?: Situation): readonly Action[] {
  return step.plan(observed as Observed<FactMap>, contextOf(observed, situation));
}

export function undo(step: Step, observed: object, situation?: Situation): readonly Action[] {
  return step.undo(observed as Observed<FactMap>, contextOf(observed, situation));
}

export function failedChecks(step: Step, observed: object, situation?: Situation): string[] {
  return step.check!(observed as Observed<FactMap>, contextOf(observed, situation)).map(({message}) => message);
}

/** The step's wait. */
export function readiness(step: Step, situation?: Situation) {
  return step.ready!(contextOf({}, situation));
}

/** The names of the step's target nodes. */
export function targets(step: Step, cluster: Cluster): string[] {
  return step.targets(cluster).map(({name}) => name);
}

/** Actions as `hw5 plan` prints them. */
export function lines(actions: readonly Action[]): string[] {
  return actions.map(describe);
}

export function written(actions: readonly Action[], path: string): WriteAction {
  const found = actions.findLast((action) => action.kind === 'write' && action.path === path);
  if (!found) throw new Error(`nothing writes ${path}: ${lines(actions).join('; ')}`);
  return found as WriteAction;
}

/** The file after the actions. */
export function fileAfter(actions: readonly Action[], path: string): FileState {
  const {content, mode} = written(actions, path);
  return {content: typeof content === 'string' ? content : content.reveal(), mode: mode.toString(8)};
}
