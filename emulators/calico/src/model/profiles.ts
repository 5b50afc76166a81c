import type {EtcdClient} from '../etcd/client.js';
import {isEtcdError, NODE_EXISTS} from '../etcd/errors.js';
import {profileKey} from './keys.js';
import {profileRecords} from './records.js';
import type {Profile} from './types.js';

/** Writes a profile, its tags last: the tags key decides whether a profile exists, as upstream. */
export async function writeProfile(etcd: EtcdClient, profile: Profile): Promise<void> {
  const key = profileKey(profile.name);
  const records = profileRecords(profile);
  await etcd.set(`${key}/rules`, records.rules);
  await etcd.set(`${key}/labels`, records.labels);
  await etcd.set(`${key}/tags`, records.tags);
}

/** Creates a profile unless one of that name exists. Nothing of an existing one is changed, even when two nodes do this concurrently. */
export async function createProfile(etcd: EtcdClient, profile: Profile): Promise<void> {
  const key = profileKey(profile.name);
  if ((await etcd.get(`${key}/tags`)) !== undefined) return;
  for (const [leaf, value] of Object.entries(profileRecords(profile))) {
    await etcd.create(`${key}/${leaf}`, value).catch((error: unknown) => {
      if (!isEtcdError(error, NODE_EXISTS)) throw error;
    });
  }
}

/** The profile that the plugin creates for a network: its members may connect to each other and to any address outside. */
export function networkProfile(network: string): Profile {
  return {
    name: network,
    tags: [network],
    labels: {},
    ingress: [{action: 'allow', src_tag: network}],
    egress: [{action: 'allow'}],
  };
}
