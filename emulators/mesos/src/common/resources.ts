import type {Range, Reservation, Resource} from './wire.js';

/**
 * A set of resources, regardless of the role they are allocated to. As in Mesos, scalars are stored in thousandths, so that 2 - 0.1 - 0.1 is
 * 1.8. The key is the name and the reservations with their principals and labels, which keeps reserved and unreserved resources apart.
 */
export type Quantity =
  | {readonly kind: 'scalar'; readonly milli: number}
  | {readonly kind: 'ranges'; readonly ranges: readonly Range[]}
  | {readonly kind: 'set'; readonly items: readonly string[]};

export interface Entry {
  readonly name: string;
  readonly reservations: readonly Reservation[];
  readonly quantity: Quantity;
}

export type Resources = ReadonlyMap<string, Entry>;

export const NONE: Resources = new Map();

/** Parses the wire form. Entries with the same key are added, empty ones are dropped. */
export function fromWire(list: readonly Resource[] | undefined): Resources {
  let result = NONE;
  for (const resource of list ?? []) {
    const entry = {name: resource.name, reservations: reservationsOf(resource), quantity: quantityOf(resource)};
    result = add(result, new Map([[keyOf(entry), entry]]));
  }
  return result;
}

function reservationsOf(resource: Resource): readonly Reservation[] {
  if (resource.reservations && resource.reservations.length > 0) return resource.reservations;
  if (resource.role === undefined || resource.role === '*') return [];
  const details = typeof resource.reservation === 'object' && resource.reservation !== null ? resource.reservation : undefined;
  return [{type: details ? 'DYNAMIC' : 'STATIC', role: resource.role, ...details}];
}

function quantityOf(resource: Resource): Quantity {
  if (resource.ranges) return {kind: 'ranges', ranges: mergeRanges(resource.ranges.range)};
  if (resource.set) return {kind: 'set', items: resource.set.item};
  return {kind: 'scalar', milli: Math.round((resource.scalar?.value ?? 0) * 1000)};
}

function keyOf(entry: {readonly name: string; readonly reservations: readonly Reservation[]}): string {
  return JSON.stringify([entry.name, ...entry.reservations.map(reservationKey)]);
}

/** The order of labels is not significant. */
function reservationKey({type = 'STATIC', role, principal, labels}: Reservation): unknown {
  return [type, role, principal ?? null, (labels?.labels ?? []).map(({key, value}) => JSON.stringify([key, value])).sort()];
}

export type WireStyle = {
  /** The role the resources are allocated to; undefined to leave out allocation_info. */
  readonly role?: string | undefined;
  /** `reservations` (RESERVATION_REFINEMENT) instead of `role` and `reservation`. */
  readonly isRefined?: boolean;
};

/** The wire form. */
export function toWire(resources: Resources, style: WireStyle = {}): Resource[] {
  return [...resources.values()].map(({name, reservations, quantity}) => ({
    name,
    ...wireValue(quantity),
    ...(style.isRefined ? {} : {role: reservations.at(-1)?.role ?? '*'}),
    ...(style.role === undefined ? {} : {allocation_info: {role: style.role}}),
    ...(reservations.length === 0 ? {} : style.isRefined ? {reservations} : legacyReservation(reservations)),
  }));
}

function legacyReservation(reservations: readonly Reservation[]): {reservation?: object} {
  const last = reservations.at(-1);
  if (last?.type !== 'DYNAMIC') return {};
  const {principal, labels} = last;
  return {reservation: {...(principal === undefined ? {} : {principal}), ...(labels === undefined ? {} : {labels})}};
}

function wireValue(quantity: Quantity): Pick<Resource, 'type' | 'scalar' | 'ranges' | 'set'> {
  if (quantity.kind === 'scalar') return {type: 'SCALAR', scalar: {value: quantity.milli / 1000}};
  if (quantity.kind === 'ranges') return {type: 'RANGES', ranges: {range: quantity.ranges}};
  return {type: 'SET', set: {item: quantity.items}};
}

/** The same resources without their last reservation. */
export function withoutLastReservation(resources: Resources): Resources {
  let result = NONE;
  for (const entry of resources.values()) {
    const unreserved = {...entry, reservations: entry.reservations.slice(0, -1)};
    result = add(result, new Map([[keyOf(unreserved), unreserved]]));
  }
  return result;
}

export function add(a: Resources, b: Resources): Resources {
  const result = new Map(a);
  for (const [key, entry] of b) {
    const old = result.get(key);
    const quantity = old ? plus(old.quantity, entry.quantity) : entry.quantity;
    if (isZero(quantity)) result.delete(key);
    else result.set(key, {...entry, quantity});
  }
  return result;
}

export function subtract(a: Resources, b: Resources): Resources {
  const result = new Map(a);
  for (const [key, entry] of b) {
    const old = result.get(key);
    if (!old) continue;
    const quantity = minus(old.quantity, entry.quantity);
    if (isZero(quantity)) result.delete(key);
    else result.set(key, {...old, quantity});
  }
  return result;
}

/** Whether b fits into a. */
export function contains(a: Resources, b: Resources): boolean {
  return [...b].every(([key, entry]) => {
    const have = a.get(key)?.quantity;
    if (isZero(entry.quantity)) return true;
    if (!have || have.kind !== entry.quantity.kind) return false;
    return isZero(minus(entry.quantity, have));
  });
}

export function isEmpty(resources: Resources): boolean {
  return resources.size === 0;
}

/** The sums of all scalar resources, without their reservations. */
export function quantities(resources: Resources): Resources {
  let result = NONE;
  for (const {name, quantity} of resources.values()) {
    const entry = {name, reservations: [], quantity};
    if (quantity.kind === 'scalar') result = add(result, new Map([[keyOf(entry), entry]]));
  }
  return result;
}

/** The sum of a scalar resource, both reserved and unreserved. */
export function scalar(resources: Resources, name: string): number {
  let milli = 0;
  for (const entry of resources.values())
    if (entry.name === name && entry.quantity.kind === 'scalar') milli += entry.quantity.milli;
  return milli / 1000;
}

/** The ranges of a resource such as `ports`, both reserved and unreserved. */
export function ranges(resources: Resources, name: string): readonly Range[] {
  return [...resources.values()].flatMap(({name: other, quantity}) =>
    other === name && quantity.kind === 'ranges' ? quantity.ranges : [],
  );
}

export function filter(resources: Resources, keep: (entry: Entry) => boolean): Resources {
  return new Map([...resources].filter(([, entry]) => keep(entry)));
}

function plus(a: Quantity, b: Quantity): Quantity {
  if (a.kind === 'scalar' && b.kind === 'scalar') return {kind: 'scalar', milli: a.milli + b.milli};
  if (a.kind === 'ranges' && b.kind === 'ranges') return {kind: 'ranges', ranges: mergeRanges([...a.ranges, ...b.ranges])};
  if (a.kind === 'set' && b.kind === 'set') return {kind: 'set', items: [...new Set([...a.items, ...b.items])]};
  return a;
}

function minus(a: Quantity, b: Quantity): Quantity {
  if (a.kind === 'scalar' && b.kind === 'scalar') return {kind: 'scalar', milli: Math.max(0, a.milli - b.milli)};
  if (a.kind === 'ranges' && b.kind === 'ranges')
    return {kind: 'ranges', ranges: b.ranges.reduce<readonly Range[]>(cutRange, a.ranges)};
  if (a.kind === 'set' && b.kind === 'set') return {kind: 'set', items: a.items.filter((item) => !b.items.includes(item))};
  return a;
}

function isZero(quantity: Quantity): boolean {
  if (quantity.kind === 'scalar') return quantity.milli === 0;
  return quantity.kind === 'ranges' ? quantity.ranges.length === 0 : quantity.items.length === 0;
}

function mergeRanges(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.begin - b.begin)) {
    const last = result.at(-1);
    if (last && range.begin <= last.end + 1) result[result.length - 1] = {begin: last.begin, end: Math.max(last.end, range.end)};
    else result.push({begin: range.begin, end: range.end});
  }
  return result;
}

function cutRange(ranges: readonly Range[], cut: Range): Range[] {
  return ranges.flatMap((range) =>
    [
      {begin: range.begin, end: Math.min(range.end, cut.begin - 1)},
      {begin: Math.max(range.begin, cut.end + 1), end: range.end},
    ].filter((part) => part.begin <= part.end && part.begin >= range.begin && part.end <= range.end),
  );
}
