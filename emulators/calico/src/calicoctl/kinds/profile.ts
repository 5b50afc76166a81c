import {PROFILES, profileKey} from '../../model/keys.js';
import {writeProfile} from '../../model/profiles.js';
import type {Rule} from '../../model/types.js';
import {field, listOf, STRING, STRING_MAP, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {
  checkLabels,
  firstMissing,
  joined,
  type Kind,
  keysMatching,
  matches,
  NAME,
  NAMESPACED_NAME,
  parseRecord,
  type Resource,
  resource,
  type Values,
} from './kind.js';
import {rulesFromRecord, rulesToRecord} from './rule-records.js';
import {type ApiRule, checkRules, rulesType} from './rules.js';

const PATTERN = new RegExp(`^${PROFILES}/([^/]+)/(?:tags|rules|labels)$`);

/** A profile: tags, labels and rules of the endpoints that name it. */
export function profileKind(version: Version): Kind {
  const rules = rulesType(version);
  return {
    kind: 'profile',
    names: ['profile', 'profiles', 'pro', 'pros'],
    metadata: struct('api.ProfileMetadata', [field('name', STRING), field('tags', listOf(STRING)), field('labels', STRING_MAP)]),
    spec: struct('api.ProfileSpec', [field('ingress', rules, {go: 'IngressRules'}), field('egress', rules, {go: 'EgressRules'})]),
    headings: {narrow: ['NAME'], wide: ['NAME', 'TAGS']},
    cells: {NAME: ({metadata}) => String(metadata.name), TAGS: ({metadata}) => joined(metadata.tags)},
    fromArguments: ({name}) => ({name}),
    checkMetadata({name, tags, labels}, problems) {
      problems.match('name', name, NAMESPACED_NAME);
      for (const [i, tag] of ((tags ?? []) as readonly string[]).entries()) if (!NAME.test(tag)) problems.add(`tags[${i}]`, tag);
      checkLabels(labels, problems);
    },
    check({spec}, problems) {
      checkRules(spec.ingress as readonly ApiRule[] | undefined, problems, version);
      checkRules(spec.egress as readonly ApiRule[] | undefined, problems, version);
    },
    missing: (metadata) => firstMissing(metadata, ['name']),
    // a profile exists if its tags do: their key is the one that upstream creates and replaces
    identify: ({name}, isRemoval) => `${isRemoval ? 'Profile' : 'ProfileTags'}(name=${name})`,
    exists: (values, {name}) => values.has(`${profileKey(String(name))}/tags`),
    list: (values, {name}) =>
      [...new Set(keysMatching(values, PATTERN).map(({names: [one]}) => String(one)))]
        .sort()
        .map((one) => fromRecords(one, values, version))
        .filter((profile) => matches(profile.metadata, {name})),
    async write(etcd, {metadata: {name, tags, labels}, spec}) {
      await writeProfile(etcd, {
        name: String(name),
        tags: (tags ?? []) as readonly string[],
        labels: (labels ?? {}) as Readonly<Record<string, string>>,
        ingress: rulesToRecord(spec.ingress as readonly ApiRule[] | undefined),
        egress: rulesToRecord(spec.egress as readonly ApiRule[] | undefined),
      });
    },
    async remove(etcd, {name}) {
      await etcd.delete(profileKey(String(name)), {recursive: true});
    },
  };
}

function fromRecords(name: string, values: Values, version: Version): Resource {
  const record = <T>(leaf: string) => parseRecord<T>(values.get(`${profileKey(name)}/${leaf}`));
  const rules = record<{inbound_rules?: readonly Rule[]; outbound_rules?: readonly Rule[]}>('rules');
  return resource(
    'profile',
    {name, tags: record('tags'), labels: record('labels')},
    {
      ingress: rulesFromRecord(rules?.inbound_rules, version),
      egress: rulesFromRecord(rules?.outbound_rules, version),
    },
  );
}
