import {createHash} from 'node:crypto';
import {parseSelector, SelectorError} from '../model/selector.js';
import type {Endpoint, Policy, Profile, Rule, Snapshot} from '../model/types.js';
import {labelsOf, type SelectorSets} from './ip-sets.js';
import {clearMark, isClear, isSet} from './marks.js';
import {ruleLines} from './rule-matches.js';
import {MARK} from './tables.js';

/** The policies of one endpoint, in the order in which they apply. */
interface AppliedPolicies {
  readonly ingress: readonly Policy[];
  readonly egress: readonly Policy[];
}

/**
 * The chains of a node's own workload endpoints, and of the policies and profiles that these use.
 * @param sets gets the sets that the rules match
 */
export function workloadChains(local: readonly Endpoint[], snapshot: Snapshot, sets: SelectorSets): [string, string[]][] {
  const profiles = new Map(snapshot.profiles.map((profile) => [profile.name, profile]));
  const ordered = [...snapshot.policies].sort(compareOrder);
  const applied = new Map(local.map((endpoint) => [endpoint, policiesOf(endpoint, ordered, profiles)]));
  const usedProfiles = snapshot.profiles.filter(({name}) => local.some((endpoint) => endpoint.profiles.includes(name)));
  const all = [...applied.values()];
  const [ingress, egress] = [new Set(all.flatMap((one) => one.ingress)), new Set(all.flatMap((one) => one.egress))];
  const rules = (list: readonly Rule[]) => list.flatMap((rule) => ruleLines(rule, sets));
  return [
    ...[...applied].flatMap(([endpoint, policies]) => endpointChains(endpoint, policies, profiles)),
    ...[...ingress].map((policy): [string, string[]] => [named('cali-pi-', policy.name), rules(policy.ingress)]),
    ...[...egress].map((policy): [string, string[]] => [named('cali-po-', policy.name), rules(policy.egress)]),
    ...usedProfiles.flatMap((profile): [string, string[]][] => [
      [named('cali-pri-', profile.name), rules(profile.ingress)],
      [named('cali-pro-', profile.name), rules(profile.egress)],
    ]),
  ];
}

/** By their order, those without one last, then by their names. */
function compareOrder(a: Policy, b: Policy): number {
  const [first, second] = [a.order ?? Number.POSITIVE_INFINITY, b.order ?? Number.POSITIVE_INFINITY];
  return first === second ? (a.name < b.name ? -1 : 1) : first < second ? -1 : 1;
}

/** Policies that are not tracked or come before DNAT are for host endpoints only. */
function policiesOf(endpoint: Endpoint, ordered: readonly Policy[], profiles: ReadonlyMap<string, Profile>): AppliedPolicies {
  const labels = labelsOf(endpoint.labels, endpoint.profiles, profiles);
  const matching = ordered.filter(
    ({selector, isUntracked, isPreDnat}) => !isUntracked && !isPreDnat && matches(selector, labels),
  );
  return {
    ingress: matching.filter(({types}) => types.includes('ingress')),
    egress: matching.filter(({types}) => types.includes('egress')),
  };
}

function matches(selector: string, labels: ReturnType<typeof labelsOf>): boolean {
  try {
    return parseSelector(selector).matches(labels);
  } catch (error) {
    // as with Felix, a policy that is invalid does not exist
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

function endpointChains(
  endpoint: Endpoint,
  policies: AppliedPolicies,
  profiles: ReadonlyMap<string, Profile>,
): [string, string[]][] {
  const known = endpoint.profiles.filter((name) => profiles.has(name));
  return [
    [endpointChain('cali-tw-', endpoint), endpointLines(policies.ingress, known, 'cali-pi-', 'cali-pri-')],
    [endpointChain('cali-fw-', endpoint), endpointLines(policies.egress, known, 'cali-po-', 'cali-pro-')],
  ];
}

/** The policies decide first: if there are any, only a packet that one of them passes reaches the profiles. */
function endpointLines(
  policies: readonly Policy[],
  profiles: readonly string[],
  policyPrefix: string,
  profilePrefix: string,
): string[] {
  return [
    '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-m conntrack --ctstate INVALID -j DROP',
    clearMark(MARK.accept),
    ...(policies.length === 0
      ? []
      : [
          `-m comment --comment "Start of policies" ${clearMark(MARK.pass)}`,
          ...policies.flatMap(({name}) => [
            `${isClear(MARK.pass)} -j ${named(policyPrefix, name)}`,
            `-m comment --comment "Return if policy accepted" ${isSet(MARK.accept)} -j RETURN`,
          ]),
          `-m comment --comment "Drop if no policies passed packet" ${isClear(MARK.pass)} -j DROP`,
        ]),
    ...profiles.flatMap((name) => [
      `-j ${named(profilePrefix, name)}`,
      `-m comment --comment "Return if profile accepted" ${isSet(MARK.accept)} -j RETURN`,
    ]),
    '-m comment --comment "Drop if no profiles matched" -j DROP',
  ];
}

/** The name of the chain of one endpoint. @param prefix `cali-tw-` for traffic to it, `cali-fw-` for traffic from it */
export function endpointChain(prefix: string, endpoint: Pick<Endpoint, 'interfaceName'>): string {
  return named(prefix, endpoint.interfaceName);
}

/** iptables allows 28 characters for a chain's name, and no blanks or quotes: other names are replaced by their hash. */
function named(prefix: string, name: string): string {
  if (/^[\w./-]+$/.test(name) && !name.startsWith('_') && prefix.length + name.length <= 28) return prefix + name;
  const hash = createHash('sha256').update(name).digest('base64url');
  return `${prefix}_${hash}`.slice(0, 28);
}
