import type {EtcdClient} from '../etcd/client.js';
import {isEtcdError, NODE_EXISTS} from '../etcd/errors.js';
import {profileKey} from './keys.js';
import type {Profile} from './types.js';
import {profileRecords} from './write.js';

/** Writes a profile. The tags key decides whether it exists, as upstream. */
export async function writeProfile(etcd: EtcdClient, profile: Profile): Promise<void> {
  const key = profileKey(profile.name);
  const records = profileRecords(profile);
  await etcd.set(`${key}/rules`, records.rules);
  await etcd.set(`${key}/labels`, records.labels);
  await etcd.set(`${key}/tags`, records.tags);
}

/** Writes a profile unless one of that name is there: nothing of an existing one is touched, even by two nodes at once. */
export async function createProfile(etcd: EtcdClient, profile: Profile): Promise<void> {
  const key = profileKey(profile.name);
  if ((await etcd.get(`${key}/tags`)) !== undefined) return;
  for (const [leaf, value] of Object.entries(profileRecords(profile))) {
    await etcd.create(`${key}/${leaf}`, value).catch((error: unknown) => {
      if (!isEtcdError(error, NODE_EXISTS)) throw error;
    });
  }
}

/** The profile that the plugin makes for a network: members talk to each other, and to everybody outside. */
export function networkProfile(network: string): Profile {
  return {
    name: network,
    tags: [network],
    labels: {},
    ingress: [{action: 'allow', src_tag: network}],
    egress: [{action: 'allow'}],
  };
}
