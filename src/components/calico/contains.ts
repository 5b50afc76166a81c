import {isDeepStrictEqual} from 'node:util';

/**
 * Whether a JSON document (a resource or a list of them) has all properties that are desired. Properties that the server adds to a resource
 * make no difference; in a rule they do, because each of them narrows it. @param json undefined and invalid JSON contain nothing
 */
export function containsResource(json: string | undefined, desired: unknown): boolean {
  if (!json) return false;
  try {
    const parsed: unknown = JSON.parse(json);
    return (Array.isArray(parsed) ? parsed : [parsed]).some((one) => contains(one, desired));
  } catch {
    return false;
  }
}

/** Lists (of rules, of tags) are compared whole. */
function contains(observed: unknown, desired: unknown): boolean {
  if (!isObject(desired)) return isDeepStrictEqual(normalised(observed), normalised(desired));
  return Object.entries(desired).every(([name, value]) => contains(isObject(observed) ? observed[name] : undefined, value));
}

/**
 * The same as all versions of calicoctl mean it: undefined for what they may omit when they print a resource (false, null, and objects and
 * lists that contain nothing else), and with the networks of a rule's source or destination as one sorted list. calicoctl v1.6.5 prints
 * `nets: [x]` where v1.2.0 prints `net: x`, whichever was applied; v1.2.0 rejects `nets`.
 */
function normalised(value: unknown): unknown {
  if (value === false || value === null) return undefined;
  if (Array.isArray(value)) return value.length > 0 ? value.map(normalised) : undefined;
  if (!isObject(value)) return value;
  const entries = Object.entries(withNetLists(value)).map(([name, one]) => [name, normalised(one)] as const);
  const kept = entries.filter(([, one]) => one !== undefined);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** `net` and `notNet` are added to the lists `nets` and `notNets`. */
function withNetLists(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {net, nets, notNet, notNets, ...others} = value;
  return {...others, nets: netList(net, nets), notNets: netList(notNet, notNets)};
}

function netList(one: unknown, several: unknown): readonly unknown[] {
  const all = [one, ...(Array.isArray(several) ? several : [several])];
  return [...new Set(all)].filter((net) => net !== undefined && net !== null).sort();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
