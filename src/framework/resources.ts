import type {Offer, Resource} from './mesos.js';

/** The resources that a task needs. */
export interface Needs {
  readonly cpus: number;
  /** Megabytes. */
  readonly mem: number;
}

/** The unused resources of an offer, in thousandths: Mesos itself counts so, and floating-point sums would be inexact. */
export interface Stock {
  readonly cpus: readonly Portion[];
  readonly mem: readonly Portion[];
}

/** A part of one resource of an offer, with one owner. */
interface Portion {
  /** The reservation. A launch must name the same one, or the master does not find the resource in the offer and drops the launch. */
  readonly owner: Pick<Resource, 'role' | 'reservation'>;
  readonly milli: number;
}

/**
 * The resources of an offer that a task may use: unreserved scalars and those reserved for the framework's role. Revocable resources are
 * excluded because Mesos can revoke them at any time, disks and shared resources because they belong to volumes.
 */
export function stockOf(offer: Offer, role: string): Stock {
  const portions = (name: string) =>
    (offer.resources ?? [])
      .filter((resource) => resource.name === name && isUsable(resource, role))
      .map((resource) => ({owner: ownerOf(resource), milli: Math.round((resource.scalar?.value ?? 0) * 1000)}))
      // Reserved ones first: no other framework can use them.
      .sort((a, b) => Number(a.owner.role === undefined) - Number(b.owner.role === undefined));
  return {cpus: portions('cpus'), mem: portions('mem')};
}

/** The total of a stock. */
export function totalOf(stock: Stock): Needs {
  return {cpus: sum(stock.cpus) / 1000, mem: sum(stock.mem) / 1000};
}

/** Takes a task's needs out of a stock; undefined when they do not fit. */
export function take(stock: Stock, needs: Needs): {readonly resources: readonly Resource[]; readonly rest: Stock} | undefined {
  const cpus = takeScalar('cpus', stock.cpus, needs.cpus);
  const mem = takeScalar('mem', stock.mem, needs.mem);
  if (cpus === undefined || mem === undefined) return undefined;
  return {resources: [...cpus.resources, ...mem.resources], rest: {cpus: cpus.rest, mem: mem.rest}};
}

function takeScalar(name: string, portions: readonly Portion[], amount: number) {
  let missing = Math.round(amount * 1000);
  const resources: Resource[] = [];
  const rest: Portion[] = [];
  for (const portion of portions) {
    const taken = Math.min(missing, portion.milli);
    missing -= taken;
    // The master adds the allocation.
    if (taken > 0) resources.push({name, type: 'SCALAR', scalar: {value: taken / 1000}, ...portion.owner});
    rest.push({...portion, milli: portion.milli - taken});
  }
  return missing > 0 ? undefined : {resources, rest};
}

/** The role only when it is not the default, as the frameworks of upstream do; the reservation only when it is dynamic. */
function ownerOf({role, reservation}: Resource): Portion['owner'] {
  return {
    ...(role === undefined || role === '*' ? {} : {role}),
    ...(reservation === undefined ? {} : {reservation}),
  };
}

function isUsable(resource: Resource, role: string): boolean {
  if (
    resource.type !== 'SCALAR' ||
    resource.revocable !== undefined ||
    resource.disk !== undefined ||
    resource.shared !== undefined
  )
    return false;
  const owner = resource.role ?? '*';
  return owner === '*' || owner === role;
}

function sum(portions: readonly Portion[]): number {
  return portions.reduce((total, portion) => total + portion.milli, 0);
}
