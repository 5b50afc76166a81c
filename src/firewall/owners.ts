import type {ToolState} from './firewall-state.js';
import {managedTables, PREFIX} from './managed.js';
import {commentOf, type SavedRule, type SavedTable, targetOf} from './parse-save.js';

/** Whose rules one iptables command holds, in the chains in which they affect hw5's. */
export interface Owners {
  readonly hasHw5: boolean;
  readonly hasDocker: boolean;
  readonly hasCalico: boolean;
  /** Rules and policies that neither hw5 nor Docker nor Calico made. */
  readonly others: number;
}

/** Built-in chains in which a rule of another tool affects hw5's rules. */
const HOOKS = ['INPUT', 'FORWARD'];
/** Docker's interfaces: of its default network, of its swarm, and of networks that a user made. */
const DOCKER_INTERFACE = /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/;
/** What Docker's rules about its interfaces consist of. A rule with any other option was made by a user. */
const DOCKER_OPTIONS = ['-i', '-o', '-m', '--ctstate', '-j'];

/** Pure: whose rules these are. */
export function ownersOf({tables}: ToolState): Owners {
  const filter = tables.find((table) => table.name === 'filter');
  const rules = filter?.rules.filter(({chain}) => [...HOOKS, 'DOCKER-USER'].includes(chain)) ?? [];
  return {
    hasHw5: managedTables(tables).length > 0,
    // hw5 creates the chain at boot, for Docker, which may use another iptables by then
    hasDocker: rules.some((rule) => rule.chain === 'FORWARD' && targetOf(rule) === 'DOCKER-USER'),
    hasCalico: tables.some((table) => table.rules.some(isCalicos)),
    others: rules.filter((rule) => !isHw5s(rule) && !isCalicos(rule) && !isDockers(rule)).length + foreignPolicies(filter),
  };
}

/** The rules of `hw5 firewall`, and those with which hw5 lets the containers' traffic pass Docker's policy. */
function isHw5s(rule: SavedRule): boolean {
  return (targetOf(rule)?.startsWith(PREFIX) ?? false) || commentOf(rule) === 'hw5:pool';
}

/** Felix's hooks lead to its chains, or have its hash as a comment. */
function isCalicos(rule: SavedRule): boolean {
  return (targetOf(rule)?.startsWith('cali-') ?? false) || /^cali:[\w-]{16}$/.test(commentOf(rule));
}

function isDockers(rule: SavedRule): boolean {
  const target = targetOf(rule) ?? '';
  if (rule.chain === 'DOCKER-USER') return target === 'RETURN' && rule.options.length === 1;
  if (/^DOCKER(-|$)/.test(target)) return true;
  const interfaces = rule.options.filter(({name}) => name === '-i' || name === '-o').flatMap(({values}) => values);
  return (
    interfaces.length > 0 &&
    interfaces.every((name) => DOCKER_INTERFACE.test(name)) &&
    rule.options.every(({name}) => DOCKER_OPTIONS.includes(name))
  );
}

/** Docker sets the policy of FORWARD when it enables forwarding. */
function foreignPolicies(filter: SavedTable | undefined): number {
  const isDockers = (hook: string): boolean => hook === 'FORWARD' && (filter?.chains.has('DOCKER') ?? false);
  return HOOKS.filter((hook) => !['ACCEPT', undefined].includes(filter?.chains.get(hook)) && !isDockers(hook)).length;
}
