import type {Offer, Resource} from './mesos.js';

/** What a task takes. */
export interface Needs {
  readonly cpus: number;
  /** Megabytes. */
  readonly mem: number;
}

/** What an offer still has, in thousandths: Mesos itself counts in thousandths, and floats would drift. */
export interface Stock {
  readonly cpus: readonly Portion[];
  readonly mem: readonly Portion[];
}

/** So much of one resource of an offer. */
interface Portion {
  /** Whose it is: what is taken of it must say the same, or the master does not find it in the offer and drops the launch. */
  readonly owner: Pick<Resource, 'role' | 'reservation'>;
  readonly milli: number;
}

/**
 * What of an offer a task of ours may use: unreserved scalars and those reserved for our role. Revocable resources can be
 * taken away at any time, disks and shared ones belong to volumes: all left alone.
 */
export function stockOf(offer: Offer, role: string): Stock {
  const portions = (name: string) =>
    (offer.resources ?? [])
      .filter((resource) => resource.name === name && isUsable(resource, role))
      .map((resource) => ({owner: ownerOf(resource), milli: Math.round((resource.scalar?.value ?? 0) * 1000)}))
      // Reserved ones first: nobody else could use them.
      .sort((a, b) => Number(a.owner.role === undefined) - Number(b.owner.role === undefined));
  return {cpus: portions('cpus'), mem: portions('mem')};
}

/** How much a stock holds. */
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
    // The master fills in the allocation.
    if (taken > 0) resources.push({name, type: 'SCALAR', scalar: {value: taken / 1000}, ...portion.owner});
    rest.push({...portion, milli: portion.milli - taken});
  }
  return missing > 0 ? undefined : {resources, rest};
}

/** The role is named only when it is not the default, as stock frameworks do; who reserved it only when somebody did at run time. */
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
