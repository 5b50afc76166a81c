import type {Address} from '../support/address.js';
import {type Block, blockAround, blockLiteral} from '../support/block.js';
import {isOnContainerNetwork, nodesWith, type Role} from './cluster.js';
import type {Draft} from './complete.js';
import {type ConfigFinding, hasFinding, type Path} from './finding.js';
import {nearest} from './nearest.js';

/** Nodes: present, with addresses others can reach, no name or address twice, and roles that make a cluster. */
export function checkNodes(draft: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const {cluster, input} = draft;
  if (cluster.nodes.length === 0) {
    if (hasFinding(known, ['nodes'])) return [];
    return [
      {path: ['nodes'], message: 'missing', hint: 'list the addresses: `nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]`'},
    ];
  }
  const addresses = cluster.nodes.map((node) => node.address);
  const names = cluster.nodes.map((node) => node.name);
  return [
    ...(input.nodes ?? []).flatMap((node, index) => checkAddress(node.address, ['nodes', index], known)),
    ...repeated(addresses, 'address', 'address', 'every node has an IPv4 address of its own'),
    ...repeated(names, 'name', 'name', 'every node has a name of its own; the default is node0, node1 … by position'),
    ...checkRoles(draft, known),
    ...checkBuilder(draft, known),
  ];
}

function checkAddress(address: Address | undefined, path: Path, known: readonly ConfigFinding[]): ConfigFinding[] {
  const addressPath = [...path, 'address'];
  if (address === undefined) {
    // A mistyped key says it all already.
    const isMistyped = known.some(
      ({path: other}) => other.length === path.length + 1 && nearest(String(other.at(-1)), ['address']),
    );
    if (isMistyped || hasFinding(known, addressPath)) return [];
    return [
      {path: addressPath, message: 'missing', hint: 'give the IPv4 address at which the other nodes reach it, as 172.16.1.137'},
    ];
  }
  const reserved = RESERVED.find(({block}) => block.contains(address));
  if (!reserved) return [];
  const message = `${address} is ${reserved.is}`;
  return [{path: addressPath, message, hint: 'give the IPv4 address at which the other nodes reach it'}];
}

const RESERVED = [
  {block: blockLiteral('0.0.0.0/8'), is: 'not an address of a machine'},
  {block: blockLiteral('127.0.0.0/8'), is: 'a loopback address, which the other nodes cannot reach'},
  {block: blockLiteral('169.254.0.0/16'), is: 'a link-local address, which no route leads to'},
  {block: blockLiteral('224.0.0.0/3'), is: 'a multicast or reserved address'},
];

function repeated(values: readonly string[], key: string, what: string, hint: string): ConfigFinding[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (value === '' || first === index) return [];
    return [{path: ['nodes', index, key], message: `${what} ${value} is that of nodes[${first}] already`, hint}];
  });
}

function checkRoles({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  if (cluster.nodes.some((_, index) => hasFinding(known, ['nodes', index, 'roles']))) return [];
  const isExternal = cluster.mesos.source.kind === 'external';
  const findings: ConfigFinding[] = [];
  const complain = (role: Role, message: string, hint: string): void => {
    // The last node with the role is the one too many; without any, the list as a whole is at fault.
    const index = cluster.nodes.findLastIndex((node) => node.roles.includes(role));
    const at = index >= 0 && input.nodes?.[index]?.roles ? ['nodes', index, 'roles'] : ['nodes'];
    findings.push({path: at, message, hint});
  };
  const count = (role: Role) => nodesWith(cluster, role).length;

  if (count('etcd') === 0) complain('etcd', 'no node is an etcd member', 'add the role `etcd` to one, three or five nodes');
  else if (count('etcd') % 2 === 0) {
    const members = nodesWith(cluster, 'etcd').map((node) => node.name);
    const message = `${members.length} etcd members (${members.join(', ')}): an even number bears no more losses than one fewer`;
    complain('etcd', message, 'take the role `etcd` from one of them or give it to another node');
  }
  if (isExternal && count('master') > 0) {
    complain('master', 'the Mesos master is external, so no node can be it', 'take the role `master` away, or `mesos.source`');
  } else if (count('master') > 1) {
    complain('master', `${count('master')} nodes are the Mesos master`, 'leave the role `master` to one of them');
  } else if (!isExternal && count('master') === 0) {
    complain('master', 'no node is the Mesos master', 'add the role `master` to one node, or name one under `mesos.source`');
  }
  if (count('agent') === 0)
    complain('agent', 'no node is an agent, so no container can run', 'add the role `agent` to some nodes');
  if (count('framework') === 0)
    complain('framework', 'no node runs the scheduler, so no task can start', 'add the role `framework` to one node or more');
  cluster.nodes.forEach((node, index) => {
    if (!node.roles.includes('framework') || isOnContainerNetwork(node) || count('agent') === 0) return;
    findings.push({
      path: input.nodes?.[index]?.roles ? ['nodes', index, 'roles'] : ['nodes'],
      message: `${node.name} runs the scheduler but is neither agent nor proxy: without docker and calicoctl it could not free an address of what a dead container left`,
      hint: 'give it one of these roles too, or leave the role `framework` to such nodes',
    });
  });
  return findings;
}

function checkBuilder({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const builder = input.images?.builder;
  if (builder === undefined) return [];
  return checkAgentName(builder, ['images', 'builder'], cluster.nodes, known);
}

/** A reference to a node that has to run containers. */
export function checkAgentName(
  name: string,
  path: Path,
  nodes: readonly {readonly name: string; readonly roles: readonly Role[]}[],
  known: readonly ConfigFinding[],
): ConfigFinding[] {
  const names = nodes.map((node) => node.name);
  const index = names.indexOf(name);
  if (index < 0) {
    if (hasFinding(known, ['nodes']) && nodes.length === 0) return [];
    const near = nearest(name, names);
    const hint = near && near !== name ? `did you mean \`${near}\`?` : `the nodes are: ${names.join(', ')}`;
    return [{path, message: `there is no node ${JSON.stringify(name)}`, hint}];
  }
  if (nodes[index]!.roles.includes('agent') || hasFinding(known, ['nodes', index, 'roles'])) return [];
  const agents = nodes.filter((node) => node.roles.includes('agent')).map((node) => node.name);
  return [{path, message: `${name} is not an agent`, hint: `name one of: ${agents.join(', ')}`}];
}

/** The /24 around an address: what hw5 takes for its LAN, as it cannot see the real mask from here. */
export function lanOf(address: Address): Block {
  return blockAround(address, 24);
}
