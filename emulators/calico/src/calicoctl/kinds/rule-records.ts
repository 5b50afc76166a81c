import {parseNet} from '../../model/ip.js';
import type {Rule} from '../../model/types.js';
import type {Version} from '../version.js';
import type {ApiRule, Entity} from './rules.js';

/** The rules as they are stored in etcd, with the members in the order in which upstream writes them. */
export function rulesToRecord(rules: readonly ApiRule[] = []): Rule[] {
  return rules.map((rule) => {
    const {source = {}, destination = {}, icmp, notICMP} = rule;
    return withoutEmpty({
      action: rule.action === 'pass' ? 'next-tier' : rule.action,
      ip_version: rule.ipVersion,
      protocol: rule.protocol,
      '!protocol': rule.notProtocol,
      icmp_type: icmp?.type,
      icmp_code: icmp?.code,
      '!icmp_type': notICMP?.type,
      '!icmp_code': notICMP?.code,
      src_tag: source.tag,
      src_net: source.net,
      src_nets: source.nets,
      src_selector: source.selector,
      src_ports: source.ports,
      dst_tag: destination.tag,
      dst_selector: destination.selector,
      // upstream clears the host bits of destinations only
      dst_net: masked(destination.net),
      dst_nets: destination.nets?.map((net) => masked(net)),
      dst_ports: destination.ports,
      '!src_tag': source.notTag,
      '!src_net': source.notNet,
      '!src_nets': source.notNets,
      '!src_selector': source.notSelector,
      '!src_ports': source.notPorts,
      '!dst_tag': destination.notTag,
      '!dst_selector': destination.notSelector,
      '!dst_net': masked(destination.notNet),
      '!dst_nets': destination.notNets?.map((net) => masked(net)),
      '!dst_ports': destination.notPorts,
    }) as unknown as Rule;
  });
}

/** The rules in YAML. v1.6.5 prints every net as a member of `nets`; v1.2.0 does not know that field, and drops it. */
export function rulesFromRecord(rules: readonly Rule[] = [], version: Version): ApiRule[] {
  return rules.map((rule) => {
    const icmp = withoutEmpty({type: rule.icmp_type, code: rule.icmp_code});
    const notIcmp = withoutEmpty({type: rule['!icmp_type'], code: rule['!icmp_code']});
    return withoutEmpty({
      action: rule.action === 'next-tier' ? 'pass' : rule.action || 'allow',
      ipVersion: rule.ip_version,
      protocol: rule.protocol,
      icmp: Object.keys(icmp).length === 0 ? undefined : icmp,
      notProtocol: rule['!protocol'],
      notICMP: Object.keys(notIcmp).length === 0 ? undefined : notIcmp,
      source: entityFromRecord(rule, 'src', version),
      destination: entityFromRecord(rule, 'dst', version),
    }) as ApiRule;
  });
}

function entityFromRecord(rule: Rule, side: 'src' | 'dst', version: Version): Entity {
  const nets = (prefix: '' | '!') => {
    const net = rule[`${prefix}${side}_net`];
    if (version === 'v1.2.0') return prefix === '' ? {net} : {notNet: net};
    const all = [...(rule[`${prefix}${side}_nets`] ?? []), ...(net === undefined ? [] : [net])];
    return prefix === '' ? {nets: all} : {notNets: all};
  };
  return withoutEmpty({
    tag: rule[`${side}_tag`],
    ...nets(''),
    selector: rule[`${side}_selector`],
    ports: rule[`${side}_ports`],
    notTag: rule[`!${side}_tag`],
    ...nets('!'),
    notSelector: rule[`!${side}_selector`],
    notPorts: rule[`!${side}_ports`],
  });
}

function masked(net: string | undefined): string | undefined {
  return net === undefined ? undefined : (parseNet(net)?.masked ?? net);
}

function withoutEmpty(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
