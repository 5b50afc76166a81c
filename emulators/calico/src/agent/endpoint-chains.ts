import {createHash} from 'node:crypto';
import type {Endpoint, Profile, Rule, RuleAction, Snapshot} from '../model/types.js';
import {matchesOf, type TagMembers} from './rule-matches.js';

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

/** The chains of a node's own workload endpoints, and of the profiles that these use. */
export function workloadChains(local: readonly Endpoint[], snapshot: Snapshot): [string, string[]][] {
  const tags = tagMembers(snapshot);
  const used = snapshot.profiles.filter((profile) => local.some((endpoint) => endpoint.profiles.includes(profile.name)));
  const known = new Set(used.map((profile) => profile.name));
  return [
    ...local.flatMap((endpoint) => endpointChains(endpoint, known)),
    ...used.flatMap((profile) => profileChains(profile, tags)),
  ];
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

/** The name of the chain of one endpoint. @param prefix `cali-tw-` for traffic to it, `cali-fw-` for traffic from it */
export function endpointChain(prefix: string, endpoint: Pick<Endpoint, 'interfaceName'>): string {
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
