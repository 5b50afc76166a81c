import {UsageError} from './errors.js';
import {filter, type Quantity, quantities, type Resources, scalar} from './resources.js';
import type {Reservation, Resource} from './wire.js';

/**
 * Parses `--resources`: `cpus:2;mem:2048;ports:[31000-32000];disks:{a,b}`, with static reservations as in `cpus(role):2`, or JSON.
 * @throws {UsageError}
 */
export function parseResources(text: string): Resource[] {
  if (text.trimStart().startsWith('[')) return JSON.parse(text) as Resource[];
  return text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map(parseResource);
}

function parseResource(part: string): Resource {
  const match = /^\s*([\w.-]+)(?:\(([^)]*)\))?\s*:\s*(.+?)\s*$/.exec(part);
  if (!match)
    throw new UsageError(`Failed to parse resource '${part}'`, {hint: 'write it as cpus:2;mem:1024;ports:[31000-32000]'});
  const [, name, role, value] = match as unknown as [string, string, string | undefined, string];
  const base = {name, ...(role === undefined || role === '*' ? {} : {role})};
  if (value.startsWith('[')) {
    const range = [...value.matchAll(/(\d+)\s*-\s*(\d+)/g)].map((pair) => ({begin: Number(pair[1]), end: Number(pair[2])}));
    return {...base, type: 'RANGES', ranges: {range}};
  }
  if (value.startsWith('{'))
    return {
      ...base,
      type: 'SET',
      set: {
        item: value
          .slice(1, -1)
          .split(',')
          .map((item) => item.trim()),
      },
    };
  if (!Number.isFinite(Number(value))) throw new UsageError(`Failed to parse resource '${part}': '${value}' is not a number`);
  return {...base, type: 'SCALAR', scalar: {value: Number(value)}};
}

/** Formats resources as in Mesos' messages: `cpus(allocated: *):2; mem(allocated: *):32`. */
export function formatResources(resources: Resources, role?: string): string {
  return [...resources.values()]
    .map(({name, reservations, quantity}) => {
      const reserved = reservations.length === 0 ? '' : `(reservations: [${reservations.map(formatReservation).join(',')}])`;
      return `${name}${role === undefined ? '' : `(allocated: ${role})`}${reserved}:${formatQuantity(quantity)}`;
    })
    .join('; ');
}

function formatReservation({type = 'STATIC', role, principal, labels}: Reservation): string {
  const pairs = (labels?.labels ?? []).map(({key, value}) => (value === undefined ? key : `${key}: ${value}`));
  const more = [...(principal === undefined ? [] : [principal]), ...(pairs.length === 0 ? [] : [`{${pairs.join(', ')}}`])];
  return `(${[type, role, ...more].join(',')})`;
}

function formatQuantity(quantity: Quantity): string {
  if (quantity.kind === 'scalar') return String(quantity.milli / 1000);
  if (quantity.kind === 'set') return `{${quantity.items.join(', ')}}`;
  return `[${quantity.ranges.map((range) => `${range.begin}-${range.end}`).join(', ')}]`;
}

/** The reserved resources by role. */
export function reservedByRole<T>(resources: Resources, format: (part: Resources) => T): Record<string, T> {
  const roles = new Set([...resources.values()].flatMap((entry) => entry.reservations.at(-1)?.role ?? []));
  return Object.fromEntries(
    [...roles].map((role) => [role, format(filter(resources, (entry) => entry.reservations.at(-1)?.role === role))]),
  );
}

export function unreserved(resources: Resources): Resources {
  return filter(resources, (entry) => entry.reservations.length === 0);
}

/** Scalar resources in the form of /roles: `{"cpus": 2, "mem": 1024}`, without those that are absent. */
export function quantitiesObject(resources: Resources): Record<string, number> {
  return Object.fromEntries([...quantities(resources).values()].map(({name}) => [name, scalar(resources, name)]));
}

/** Resources in the form of the state endpoints: `{"cpus": 2, "mem": 1024, "disk": 0, "gpus": 0, "ports": "[31000-32000]"}`. */
export function resourcesObject(resources: Resources): Record<string, number | string> {
  const result: Record<string, number | string> = {};
  for (const name of ['disk', 'mem', 'gpus', 'cpus']) result[name] = scalar(resources, name);
  for (const {name, quantity} of resources.values()) if (quantity.kind !== 'scalar') result[name] = formatQuantity(quantity);
  return result;
}
