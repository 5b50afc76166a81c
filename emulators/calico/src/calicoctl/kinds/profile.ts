import {profileKey} from '../../model/keys.js';
import {writeProfile} from '../../model/profiles.js';
import type {Profile} from '../../model/types.js';
import {matches, type Resource, type ResourceKind, rejectUnknown} from './kind.js';
import {type ApiRule, ruleFromApi, ruleToApi} from './rules.js';

export const profileKind: ResourceKind = {
  kind: 'profile',
  names: ['profile', 'profiles', 'pro', 'pros'],
  nameField: 'name',
  headings: {narrow: ['NAME'], wide: ['NAME', 'TAGS']},
  identify: (metadata) => `Profile(name=${metadata.name})`,
  list: (snapshot, filter) => snapshot.profiles.map(toResource).filter((profile) => matches(profile.metadata, filter)),
  cells: ({metadata}) => ({NAME: String(metadata.name), TAGS: ((metadata.tags ?? []) as string[]).join(',')}),
  check: (resource) => void fromResource(resource),
  write: (etcd, resource) => writeProfile(etcd, fromResource(resource)),
  async remove(etcd, {name}) {
    await etcd.delete(profileKey(String(name)), {recursive: true});
  },
};

function toResource(profile: Profile): Resource {
  return {
    apiVersion: 'v1',
    kind: 'profile',
    metadata: {
      name: profile.name,
      ...(Object.keys(profile.labels).length === 0 ? {} : {labels: profile.labels}),
      ...(profile.tags.length === 0 ? {} : {tags: profile.tags}),
    },
    spec: {egress: profile.egress.map(ruleToApi), ingress: profile.ingress.map(ruleToApi)},
  };
}

function fromResource({metadata, spec}: Resource): Profile {
  rejectUnknown('profile.metadata', metadata, ['name', 'tags', 'labels']);
  rejectUnknown('profile.spec', spec, ['ingress', 'egress']);
  const {
    name,
    tags = [],
    labels = {},
  } = metadata as {name?: unknown; tags?: readonly string[]; labels?: Readonly<Record<string, string>>};
  if (typeof name !== 'string' || !/^[a-zA-Z0-9_./-]{1,128}$/.test(name))
    throw new Error(`profile.metadata.name: invalid name '${name}'`);
  const rules = (direction: 'ingress' | 'egress') =>
    ((spec[direction] ?? []) as readonly ApiRule[]).map((rule, i) => ruleFromApi(`profile.spec.${direction}[${i}]`, rule));
  return {name, tags: tags.map(String), labels, ingress: rules('ingress'), egress: rules('egress')};
}
