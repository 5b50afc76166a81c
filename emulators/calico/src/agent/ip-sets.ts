import {createHash} from 'node:crypto';
import {type Labels, parseSelector, type Selector} from '../model/selector.js';
import type {Profile, Snapshot} from '../model/types.js';

/** ipset's name → its members. All are of the family inet; those of selectors contain addresses. */
export type IpSets = ReadonlyMap<string, readonly string[]>;

const LONGEST_NAME = 31;
/** The set of all nodes' addresses. */
export const ALL_HOSTS = 'cali4-all-hosts';
/** The prefix of the sets of selectors. */
export const SELECTOR_PREFIX = 'cali4-s:';

/** The ipsets that a node's rules need: each selector, and each tag, is one, with the name that Felix gives it. */
export class SelectorSets {
  readonly #selectors = new Map<string, Selector>();

  /** The name of the set of all endpoints that match. @throws SelectorError if the selector cannot be parsed */
  ofSelector(text: string): string {
    return this.#add(parseSelector(text));
  }

  /** A tag is a label of the endpoints whose profile has it. */
  ofTag(tag: string): string {
    return this.#add(parseSelector(`has(${tag})`));
  }

  /** All requested sets, with the IPv4 addresses of the endpoints of all nodes. */
  members(snapshot: Snapshot): IpSets {
    const profiles = new Map(snapshot.profiles.map((profile) => [profile.name, profile]));
    const endpoints = [
      ...snapshot.endpoints.map(({labels, profiles: names, nets}) => ({labels, names, addresses: nets.map(withoutPrefix)})),
      ...snapshot.hostEndpoints.map(({labels, profiles: names, addresses}) => ({labels, names, addresses})),
    ].map(({labels, names, addresses}) => ({labels: labelsOf(labels, names, profiles), addresses}));
    return new Map(
      [...this.#selectors].map(([name, selector]) => {
        const addresses = endpoints.filter(({labels}) => selector.matches(labels)).flatMap((endpoint) => endpoint.addresses);
        return [name, [...new Set(addresses)].sort()];
      }),
    );
  }

  #add(selector: Selector): string {
    const hash = createHash('sha224').update(`s:${selector.text}`).digest('base64url');
    const name = `${SELECTOR_PREFIX}${hash}`.slice(0, LONGEST_NAME);
    this.#selectors.set(name, selector);
    return name;
  }
}

/** The labels of an endpoint: its own, then those of its profiles in their order, whose tags count as labels without a value. */
export function labelsOf(
  own: Readonly<Record<string, string>> = {},
  profileNames: readonly string[],
  profiles: ReadonlyMap<string, Profile>,
): Labels {
  const used = profileNames.flatMap((name) => profiles.get(name) ?? []);
  return (label) => {
    if (Object.hasOwn(own, label)) return own[label];
    for (const {labels, tags} of used) {
      if (Object.hasOwn(labels, label)) return labels[label];
      if (tags.includes(label)) return '';
    }
    return undefined;
  };
}

function withoutPrefix(net: string): string {
  return net.split('/')[0] ?? '';
}
