/** Calico's records in etcd, in the JSON of libcalico-go v1.2.1. */
import {goJson, sortedMap} from './go-json.js';
import type {Endpoint, Pool, Profile} from './types.js';

export function poolRecord(pool: Pool): string {
  return JSON.stringify({
    cidr: pool.cidr,
    ipip: '',
    ipip_mode: '',
    masquerade: pool.natOutgoing,
    ipam: true,
    disabled: pool.disabled,
  });
}

export function endpointRecord(endpoint: Endpoint): string {
  return JSON.stringify({
    state: 'active',
    name: endpoint.interfaceName,
    active_instance_id: '',
    mac: endpoint.mac,
    profile_ids: endpoint.profiles,
    ipv4_nets: endpoint.nets,
    ipv6_nets: [],
  });
}

/** The three keys of a profile, rules first: an agent must never read its tags without its rules. */
export function profileRecords(profile: Profile): {readonly rules: string; readonly labels: string; readonly tags: string} {
  return {
    rules: goJson({
      ...(profile.ingress.length === 0 ? {} : {inbound_rules: profile.ingress}),
      ...(profile.egress.length === 0 ? {} : {outbound_rules: profile.egress}),
    }),
    labels: goJson(sortedMap(profile.labels)),
    tags: goJson(profile.tags),
  };
}
