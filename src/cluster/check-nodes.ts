import type {Address} from '../support/address.js';
import {type Block, blockAround, blockLiteral} from '../support/block.js';
import {isOnContainerNetwork, nodesWith, type Role} from './cluster.js';
import type {Draft} from './complete.js';
import {type ConfigFinding, hasFinding, type Path} from './finding.js';
import {nearest} from './nearest.js';

/** Checks the nodes: at least one, with usable and unique addresses, unique names, and roles that make a working cluster. */
export function checkNodes(draft: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const {cluster, input} = draft;
  if (cluster.nodes.length === 0) {
    if (hasFinding(known, ['nodes'])) return [];
    return [
      {path: ['nodes'], message: 'missing', hint: 'list their addresses: `nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]`'},
    ];
  }
  const addresses = cluster.nodes.map((node) => node.address);
  const names = cluster.nodes.map((node) => node.name);
  return [
    ...(input.nodes ?? []).flatMap((node, index) => checkAddress(node.address, ['nodes', index], known)),
    ...repeated(addresses, 'address', 'address', 'every node needs an address of its own'),
    ...repeated(names, 'name', 'name', 'every node needs a name of its own; the defaults are node0, node1 … by position'),
    ...checkRoles(draft, known),
    ...checkBuilder(draft, known),
  ];
}

function checkAddress(address: Address | undefined, path: Path, known: readonly ConfigFinding[]): ConfigFinding[] {
  const addressPath = [...path, 'address'];
  if (address === undefined) {
    // The finding about the mistyped key suffices.
    const isMistyped = known.some(
      ({path: other}) => other.length === path.length + 1 && nearest(String(other.at(-1)), ['address']),
    );
    if (isMistyped || hasFinding(known, addressPath)) return [];
    return [
      {path: addressPath, message: 'missing', hint: 'write the IPv4 address at which the other nodes reach it, as 172.16.1.137'},
    ];
  }
  const reserved = RESERVED.find(({block}) => block.contains(address));
  if (!reserved) return [];
  const message = `${address} is ${reserved.is}`;
  return [{path: addressPath, message, hint: 'write the IPv4 address at which the other nodes reach it'}];
}

const RESERVED = [
  {block: blockLiteral('0.0.0.0/8'), is: 'not the address of a host'},
  {block: blockLiteral('127.0.0.0/8'), is: 'a loopback address, which other nodes cannot reach'},
  {block: blockLiteral('169.254.0.0/16'), is: 'a link-local address, which is not routed'},
  {block: blockLiteral('224.0.0.0/3'), is: 'a multicast or reserved address'},
];

function repeated(values: readonly string[], key: string, what: string, hint: string): ConfigFinding[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (value === '' || first === index) return [];
    return [{path: ['nodes', index, key], message: `nodes[${first}] already has the ${what} ${value}`, hint}];
  });
}

function checkRoles({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  if (cluster.nodes.some((_, index) => hasFinding(known, ['nodes', index, 'roles']))) return [];
  const isExternal = cluster.mesos.source.kind === 'external';
  const findings: ConfigFinding[] = [];
  const add = (role: Role, message: string, hint: string): void => {
    // Reported at the last node with the role, which is the surplus one, or at the list if no node has it.
    const index = cluster.nodes.findLastIndex((node) => node.roles.includes(role));
    const at = index >= 0 && input.nodes?.[index]?.roles ? ['nodes', index, 'roles'] : ['nodes'];
    findings.push({path: at, message, hint});
  };
  const count = (role: Role) => nodesWith(cluster, role).length;

  if (count('etcd') === 0) add('etcd', 'no node is an etcd member', 'add the role `etcd` to one, three or five nodes');
  else if (count('etcd') % 2 === 0) {
    const members = nodesWith(cluster, 'etcd').map((node) => node.name);
    const message = `${members.length} etcd members (${members.join(', ')}): an even number tolerates no more failures than one member fewer`;
    add('etcd', message, 'remove the role `etcd` from one of them, or add it to another node');
  }
  if (isExternal && count('master') > 0) {
    add('master', 'the Mesos master is external, so no node can be the master', 'remove the role `master`, or `mesos.source`');
  } else if (count('master') > 1) {
    add(
      'master',
      `${count('master')} nodes have the role \`master\`, but only one can be the Mesos master`,
      'keep the role `master` on one of them',
    );
  } else if (!isExternal && count('master') === 0) {
    add(
      'master',
      'no node is the Mesos master',
      'add the role `master` to one node, or name an external master with `mesos.source`',
    );
  }
  if (count('agent') === 0)
    add('agent', 'no node is an agent, so no container can run', 'add the role `agent` to at least one node');
  if (count('framework') === 0)
    add('framework', 'no node runs the scheduler, so no task can start', 'add the role `framework` to at least one node');
  cluster.nodes.forEach((node, index) => {
    if (!node.roles.includes('framework') || isOnContainerNetwork(node) || count('agent') === 0) return;
    findings.push({
      path: input.nodes?.[index]?.roles ? ['nodes', index, 'roles'] : ['nodes'],
      message: `${node.name} runs the scheduler but is neither agent nor proxy: without docker and calicoctl, the scheduler cannot release the address of a container that died`,
      hint: 'add the role `agent` or `proxy`, or remove the role `framework`',
    });
  });
  return findings;
}

function checkBuilder({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const builder = input.images?.builder;
  if (builder === undefined) return [];
  return checkAgentName(builder, ['images', 'builder'], cluster.nodes, known);
}

/** Checks a reference to a node that has to be an agent. */
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
    const hint = near && near !== name ? `did you mean \`${near}\`?` : `the nodes are ${names.join(', ')}`;
    return [{path, message: `there is no node named ${JSON.stringify(name)}`, hint}];
  }
  if (nodes[index]!.roles.includes('agent') || hasFinding(known, ['nodes', index, 'roles'])) return [];
  const agents = nodes.filter((node) => node.roles.includes('agent')).map((node) => node.name);
  return [{path, message: `${name} is not an agent`, hint: `the agents are ${agents.join(', ')}`}];
}

/** The /24 that contains the address: hw5 assumes that it is the node's local network, as the real prefix length is not known yet. */
export function lanOf(address: Address): Block {
  return blockAround(address, 24);
}
