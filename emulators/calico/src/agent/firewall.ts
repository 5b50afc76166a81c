import {createHash} from 'node:crypto';
import type {Endpoint, Profile, Rule, RuleAction, Snapshot} from '../model/types.js';
import {matchesOf, type TagMembers} from './rule-matches.js';

/** Chain name → its rules, as iptables-restore accepts them after `-A <chain>`. */
export type Chains = ReadonlyMap<string, readonly string[]>;

export interface Firewall {
  readonly filter: Chains;
  readonly nat: Chains;
}

/** The mark of a packet that a profile allowed: the bit that Felix uses. */
const ACCEPTED = '0x1000000/0x1000000';
const SET = `-j MARK --set-xmark ${ACCEPTED}`;
const CLEAR = '-j MARK --set-xmark 0x0/0x1000000';
const IS_SET = `-m mark --mark ${ACCEPTED}`;

const TARGETS: Readonly<Record<RuleAction, string>> = {
  allow: SET,
  deny: '-j DROP',
  log: '-j LOG --log-prefix "calico-packet: " --log-level 5',
  pass: '-j RETURN',
};

/** Built-in chain → the cali-* chain that its first rule jumps to, as with Felix's ChainInsertMode "insert". */
export const ENTRIES = {
  filter: {INPUT: 'cali-INPUT', FORWARD: 'cali-FORWARD', OUTPUT: 'cali-OUTPUT'},
  nat: {POSTROUTING: 'cali-POSTROUTING'},
} as const;

/** The chains of one node: which packets may enter and leave its containers, and which are masqueraded. */
export function renderFirewall(node: string, snapshot: Snapshot): Firewall {
  const local = snapshot.endpoints.filter((endpoint) => endpoint.node === node);
  const tags = tagMembers(snapshot);
  const used = snapshot.profiles.filter((profile) => local.some((endpoint) => endpoint.profiles.includes(profile.name)));
  const known = new Set(used.map((profile) => profile.name));
  return {
    filter: new Map([
      ...staticChains({...snapshot.felix, ...snapshot.nodeFelix[node]}.DefaultEndpointToHostAction),
      ['cali-from-wl-dispatch', dispatch(local, '-i', 'cali-fw-')],
      ['cali-to-wl-dispatch', dispatch(local, '-o', 'cali-tw-')],
      ...local.flatMap((endpoint) => endpointChains(endpoint, known)),
      ...used.flatMap((profile) => profileChains(profile, tags)),
    ]),
    nat: new Map([
      ['cali-POSTROUTING', ['-j cali-nat-outgoing']],
      ['cali-nat-outgoing', natOutgoing(snapshot)],
    ]),
  };
}

/** Tag → the addresses of all endpoints, on any node, whose profiles have it. */
function tagMembers(snapshot: Snapshot): TagMembers {
  const tagsOf = new Map(snapshot.profiles.map((profile) => [profile.name, profile.tags]));
  const members = new Map<string, string[]>();
  for (const endpoint of snapshot.endpoints) {
    for (const tag of new Set(endpoint.profiles.flatMap((profile) => tagsOf.get(profile) ?? []))) {
      members.set(tag, [...(members.get(tag) ?? []), ...endpoint.nets.map((net) => net.split('/')[0] ?? '')]);
    }
  }
  return new Map([...members].map(([tag, addresses]) => [tag, addresses.sort()]));
}

function staticChains(endpointToHost = 'DROP'): [string, string[]][] {
  const action = ['ACCEPT', 'RETURN'].includes(endpointToHost.toUpperCase()) ? endpointToHost.toUpperCase() : 'DROP';
  return [
    ['cali-INPUT', ['-i cali+ -g cali-wl-to-host']],
    [
      'cali-wl-to-host',
      ['-j cali-from-wl-dispatch', `-m comment --comment "Configured DefaultEndpointToHostAction" -j ${action}`],
    ],
    [
      'cali-FORWARD',
      ['-i cali+ -j cali-from-wl-dispatch', '-o cali+ -j cali-to-wl-dispatch', '-i cali+ -j ACCEPT', '-o cali+ -j ACCEPT'],
    ],
    // Processes of the host may always connect to its own containers.
    ['cali-OUTPUT', ['-o cali+ -j RETURN']],
  ];
}

function dispatch(local: readonly Endpoint[], option: '-i' | '-o', prefix: string): string[] {
  return [
    ...local.map((endpoint) => `${option} ${endpoint.interfaceName} -g ${endpointChain(prefix, endpoint)}`),
    '-m comment --comment "Unknown interface" -j DROP',
  ];
}

function endpointChains(endpoint: Endpoint, knownProfiles: ReadonlySet<string>): [string, string[]][] {
  const chain = (prefix: string, profilePrefix: string): [string, string[]] => [
    endpointChain(prefix, endpoint),
    [
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-m conntrack --ctstate INVALID -j DROP',
      CLEAR,
      ...endpoint.profiles
        .filter((profile) => knownProfiles.has(profile))
        .flatMap((profile) => [
          `-j ${profileChain(profilePrefix, profile)}`,
          `-m comment --comment "Return if profile accepted" ${IS_SET} -j RETURN`,
        ]),
      '-m comment --comment "Drop if no profiles matched" -j DROP',
    ],
  ];
  return [chain('cali-tw-', 'cali-pri-'), chain('cali-fw-', 'cali-pro-')];
}

function profileChains(profile: Profile, tags: TagMembers): [string, string[]][] {
  return [
    [profileChain('cali-pri-', profile.name), profile.ingress.flatMap((rule) => ruleLines(rule, tags))],
    [profileChain('cali-pro-', profile.name), profile.egress.flatMap((rule) => ruleLines(rule, tags))],
  ];
}

/**
 * A rule that cannot be expressed in iptables is left out, so that it allows nothing; if it denies, it denies every packet that reaches it.
 */
function ruleLines(rule: Rule, tags: TagMembers): string[] {
  const matches = matchesOf(rule, tags)?.map((match) => match.join(' ')) ?? (rule.action === 'deny' ? [''] : []);
  const lines = matches.map((match) => `${match} ${TARGETS[rule.action] ?? '-j DROP'}`.trim());
  return rule.action === 'allow' && lines.length > 0 ? [...lines, `${IS_SET} -j RETURN`] : lines;
}

function natOutgoing(snapshot: Snapshot): string[] {
  const sources = snapshot.pools.filter((pool) => pool.natOutgoing && !pool.disabled);
  if (sources.length === 0) return [];
  return [
    ...snapshot.pools.map((pool) => `-d ${pool.cidr} -j RETURN`),
    ...sources.map((pool) => `-s ${pool.cidr} -j MASQUERADE`),
  ];
}

function endpointChain(prefix: string, endpoint: Endpoint): string {
  return shortened(prefix, endpoint.interfaceName);
}

function profileChain(prefix: string, profile: string): string {
  return shortened(prefix, profile);
}

/** iptables allows 28 characters for a chain's name, and no blanks or quotes: other names are replaced by their hash. */
function shortened(prefix: string, name: string): string {
  if (/^[\w.-]+$/.test(name) && prefix.length + name.length <= 28) return prefix + name;
  return (
    prefix +
    createHash('sha256')
      .update(name)
      .digest('base64url')
      .slice(0, 28 - prefix.length)
  );
}
