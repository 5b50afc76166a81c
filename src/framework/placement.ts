import type {AllowedAgent} from '../scheduler-api/configuration.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import type {Offer, Resource} from './mesos.js';
import {type Stock, stockOf, take, totalOf} from './resources.js';

/** A task that runs or is being launched, for spreading. */
export interface Placed {
  readonly name: string;
  readonly node: string;
}

export interface Launch {
  readonly spec: TaskSpec;
  readonly offerId: string;
  readonly agentId: string;
  readonly node: string;
  readonly resources: readonly Resource[];
}

export interface Placement {
  readonly launches: readonly Launch[];
  /** Task → node → why no offer of the node fits. Only for tasks that were not placed. */
  readonly rejections: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Spreads tasks over offers: a node without a task of the same kind first, then the one with the fewest tasks, then the one
 * with the most memory left. Several tasks can use one offer. Agents that hw5 did not prepare are not used: a master may have others.
 * @param avoid task → the node on which its last launch failed: used only when no other fits
 */
export function place(
  pending: readonly TaskSpec[],
  offers: readonly Offer[],
  placed: readonly Placed[],
  {role, agents}: {readonly role: string; readonly agents?: readonly AllowedAgent[] | undefined},
  avoid: Readonly<Record<string, string | null>> = {},
): Placement {
  const stocks = new Map<string, Stock>(offers.map((offer) => [offer.id.value, stockOf(offer, role)]));
  const all: Placed[] = [...placed];
  const launches: Launch[] = [];
  const rejections: Record<string, Record<string, string>> = {};
  for (const spec of mostConstrainedFirst(pending)) {
    const rejected: Record<string, string> = {};
    const fitting: {offer: Offer; score: readonly (number | string)[]; resources: readonly Resource[]; rest: Stock}[] = [];
    for (const offer of offers) {
      const stock = stocks.get(offer.id.value)!;
      const taken = take(stock, spec);
      const reason = isOneOf(offer, agents) ? rejectionReason(spec, offer, stock, taken !== undefined, all) : UNPREPARED_AGENT;
      if (reason !== undefined || taken === undefined) {
        rejected[offer.hostname] = reason ?? 'does not fit';
        continue;
      }
      const here = all.filter((one) => one.node === offer.hostname);
      const score = [
        Number(avoid[spec.name] === offer.hostname),
        here.filter((one) => kindOf(one.name) === kindOf(spec.name)).length,
        here.length,
        -totalOf(taken.rest).mem,
        offer.hostname,
      ];
      fitting.push({offer, score, ...taken});
    }
    fitting.sort((a, b) => compare(a.score, b.score));
    const best = fitting[0];
    if (best === undefined) {
      rejections[spec.name] = rejected;
      continue;
    }
    stocks.set(best.offer.id.value, best.rest);
    all.push({name: spec.name, node: best.offer.hostname});
    launches.push({
      spec,
      offerId: best.offer.id.value,
      agentId: best.offer.agent_id.value,
      node: best.offer.hostname,
      resources: best.resources,
    });
  }
  return {launches, rejections};
}

/** `ssh` of `ssh-3`: tasks whose names differ only in their number are of one kind. */
export function kindOf(name: string): string {
  return name.replace(/-\d+$/, '');
}

/** Whether a host name is that of a node; agents may be registered by their full name. */
export function isNode(hostname: string, node: string): boolean {
  return hostname === node || hostname.split('.')[0] === node;
}

const UNPREPARED_AGENT = 'no agent of the cluster file has its name or address, so it lacks the image, the network and the keys';

function isOneOf(offer: Offer, agents: readonly AllowedAgent[] | undefined): boolean {
  const addresses = [offer.hostname, offer.url?.address.ip];
  return agents?.some(({name, address}) => isNode(offer.hostname, name) || addresses.includes(address)) ?? true;
}

function rejectionReason(spec: TaskSpec, offer: Offer, stock: Stock, fits: boolean, all: readonly Placed[]): string | undefined {
  const {node, unique} = spec.constraints;
  if (node !== undefined && !isNode(offer.hostname, node)) return `the constraint requires ${node}`;
  if (offer.unavailability !== undefined) return 'maintenance is announced there';
  if (unique === true) {
    const other = all.find((one) => one.node === offer.hostname && kindOf(one.name) === kindOf(spec.name));
    if (other !== undefined) return `must be alone of its kind on a node, and ${other.name} is there`;
  }
  if (fits) return undefined;
  const {cpus, mem} = totalOf(stock);
  const short = [
    ...(cpus < spec.cpus ? [`${spec.cpus} cpus, ${cpus} offered`] : []),
    ...(mem < spec.mem ? [`${spec.mem} MB, ${mem} MB offered`] : []),
  ];
  return `needs ${short.join(' and ')}`;
}

function mostConstrainedFirst(specs: readonly TaskSpec[]): readonly TaskSpec[] {
  const rank = (spec: TaskSpec) => (spec.constraints.node !== undefined ? 0 : spec.constraints.unique === true ? 1 : 2);
  return [...specs].sort((a, b) => rank(a) - rank(b) || b.mem - a.mem);
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let index = 0; index < a.length; index++) {
    if (a[index]! < b[index]!) return -1;
    if (a[index]! > b[index]!) return 1;
  }
  return 0;
}
