import {goJson} from '../../model/go-json.js';
import {POLICIES, policyKey} from '../../model/keys.js';
import type {PolicyRecord} from '../../model/types.js';
import {goFloat, type Problems} from '../schema/problems.js';
import {BOOLEAN, FLOAT, field, listOf, STRING, STRING_MAP, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {
  defined,
  firstMissing,
  type Kind,
  keysMatching,
  matches,
  NAMESPACED_NAME,
  parseRecord,
  type Resource,
  resource,
  sortedOrAbsent,
} from './kind.js';
import {rulesFromRecord, rulesToRecord} from './rule-records.js';
import {type ApiRule, checkRules, checkSelector, rulesType} from './rules.js';

interface Spec {
  readonly order?: number;
  readonly ingress?: readonly ApiRule[];
  readonly egress?: readonly ApiRule[];
  readonly selector?: string;
  readonly doNotTrack?: boolean;
  readonly preDNAT?: boolean;
  readonly types?: readonly string[];
}

const PATTERN = new RegExp(`^${POLICIES}/([^/]+)$`);
/** Policies that Calico makes of those of Kubernetes. v1.6.5 does not change them. */
const KUBERNETES = 'knp.default.';

/** A policy: rules for the endpoints whose labels its selector matches, which come before the endpoints' profiles. */
export function policyKind(version: Version): Kind {
  const rules = rulesType(version);
  const isOld = version === 'v1.2.0';
  return {
    kind: 'policy',
    names: ['policy', 'policies', 'pol', 'pols'],
    metadata: struct('api.PolicyMetadata', [field('name', STRING), ...(isOld ? [] : [field('annotations', STRING_MAP)])]),
    spec: struct('api.PolicySpec', [
      field('order', FLOAT, {isPointer: true}),
      field('ingress', rules, {go: 'IngressRules'}),
      field('egress', rules, {go: 'EgressRules'}),
      field('selector', STRING, {isAlwaysPrinted: true}),
      field('doNotTrack', BOOLEAN),
      ...(isOld ? [] : [field('preDNAT', BOOLEAN), field('types', listOf(STRING))]),
    ]),
    headings: {narrow: ['NAME'], wide: ['NAME', 'ORDER', 'SELECTOR']},
    cells: {
      NAME: ({metadata}) => String(metadata.name),
      ORDER: ({spec}) => (typeof spec.order === 'number' ? goFloat(spec.order) : '<nil>'),
      SELECTOR: ({spec}) => String(spec.selector ?? ''),
    },
    fromArguments: ({name}) => ({name}),
    checkMetadata: ({name}, problems) => problems.match('name', name, NAMESPACED_NAME),
    check: (policy, problems) => check(policy.spec as Spec, problems, version),
    missing: (metadata) => firstMissing(metadata, ['name']),
    identify: ({name}) => `Policy(name=${name})`,
    exists: (values, {name}) => values.has(policyKey(String(name))),
    list: (values, metadata) =>
      keysMatching(values, PATTERN)
        .flatMap(({names: [name], value}) => {
          const record = parseRecord<PolicyRecord>(value);
          return record === undefined ? [] : [fromRecord(String(name), record, version)];
        })
        .filter((policy) => matches(policy.metadata, {name: metadata.name})),
    rejects: ({name}) => !isOld && String(name).startsWith(KUBERNETES),
    async write(etcd, {metadata, spec}) {
      await etcd.set(policyKey(String(metadata.name)), goJson(toRecord(metadata, spec as Spec, version)));
    },
    async remove(etcd, {name}) {
      await etcd.delete(policyKey(String(name)));
    },
  };
}

function check(spec: Spec, problems: Problems, version: Version): void {
  checkRules(spec.ingress, problems, version);
  checkRules(spec.egress, problems, version);
  checkSelector('selector', spec.selector, problems);
  const {doNotTrack = false, preDNAT = false, types = [], egress = []} = spec;
  for (const type of types) if (type !== 'ingress' && type !== 'egress') problems.add(`types[${types.indexOf(type)}]`, type);
  if (doNotTrack && preDNAT)
    problems.add('PolicySpec.PreDNAT', preDNAT, 'PreDNAT and DoNotTrack cannot both be true, for a given PolicySpec');
  if (preDNAT && egress.length > 0)
    problems.add('PolicySpec.EgressRules', egress, 'PreDNAT PolicySpec cannot have any EgressRules');
  if (preDNAT && types.includes('egress'))
    problems.add('PolicySpec.Types', types, "PreDNAT PolicySpec cannot have 'egress' Type");
  const repeated = types.find((type, i) => types.indexOf(type) !== i);
  if (repeated !== undefined) problems.add('PolicySpec.Types', types, `'${repeated}' type specified more than once`);
}

/** v1.6.5 writes to which direction a policy applies. A policy of v1.2.0, without `types`, applies to both. */
function toRecord({annotations}: Resource['metadata'], spec: Spec, version: Version): PolicyRecord {
  const [inbound, outbound] = [rulesToRecord(spec.ingress), rulesToRecord(spec.egress)];
  const implied = outbound.length === 0 ? ['ingress'] : inbound.length === 0 ? ['egress'] : ['ingress', 'egress'];
  const types = spec.types !== undefined && spec.types.length > 0 ? spec.types : implied;
  return defined({
    order: spec.order,
    inbound_rules: inbound.length === 0 ? undefined : inbound,
    outbound_rules: outbound.length === 0 ? undefined : outbound,
    selector: spec.selector ?? '',
    untracked: spec.doNotTrack || undefined,
    annotations: sortedOrAbsent(annotations),
    pre_dnat: spec.preDNAT || undefined,
    types: version === 'v1.2.0' ? undefined : types,
  }) as PolicyRecord;
}

function fromRecord(name: string, record: PolicyRecord, version: Version): Resource {
  const types = record.types ?? (record.pre_dnat ? ['ingress'] : ['ingress', 'egress']);
  const isOld = version === 'v1.2.0';
  return resource(
    'policy',
    {name, ...(isOld ? {} : {annotations: record.annotations})},
    {
      order: record.order,
      ingress: rulesFromRecord(record.inbound_rules, version),
      egress: rulesFromRecord(record.outbound_rules, version),
      selector: record.selector ?? '',
      doNotTrack: record.untracked,
      ...(isOld ? {} : {preDNAT: record.pre_dnat, types}),
    },
  );
}
