import type {Address} from '../support/address.js';
import {type Block, blockLiteral} from '../support/block.js';
import {lanOf} from './check-nodes.js';
import type {Draft} from './complete.js';
import {type ConfigFinding, hasFinding} from './finding.js';
import {NO_ADDRESS} from './no-address.js';

/** Calico assigns addresses to nodes in blocks of this size. */
const SMALLEST_PREFIX = 26;

/** Checks the pool: large enough for a block, and not overlapping a network that the nodes use otherwise. */
export function checkNetwork({cluster, input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const path = ['network', 'subnet'];
  const pool = cluster.network.subnet;
  if (hasFinding(known, path)) return [];
  const findings: ConfigFinding[] = [];
  if (pool.prefix > SMALLEST_PREFIX) {
    const hint = `use a /${SMALLEST_PREFIX} or larger, as 192.168.0.0/16: Calico assigns each node blocks of 64 addresses`;
    findings.push({path, message: `a /${pool.prefix} is too small for a pool`, hint});
  }
  const inUse = networksInUse(cluster.nodes.map((node) => ({name: node.name, address: node.address})));
  const clash = inUse.find(({block}) => pool.overlaps(block));
  if (clash) {
    const free = CANDIDATES.find((candidate) => !inUse.some(({block}) => candidate.overlaps(block)));
    const isDefault = input.network?.subnet === undefined;
    const message = `the pool ${pool}${isDefault ? ' (the default)' : ''} overlaps ${clash.what}`;
    findings.push({path, message, hint: `choose a network that is not in use, as \`network: {subnet: ${free}}\``});
  }
  return findings;
}

const CANDIDATES = ['192.168.0.0/16', '10.200.0.0/16', '172.30.0.0/16', '10.201.0.0/16', '172.29.0.0/16'].map(blockLiteral);

function networksInUse(nodes: readonly {name: string; address: Address}[]): {block: Block; what: string}[] {
  const lans = nodes
    .filter(({address}) => address !== NO_ADDRESS)
    .map(({name, address}) => ({block: lanOf(address), what: `the network of ${name} (${lanOf(address)})`}));
  return [
    ...lans,
    {block: blockLiteral('172.17.0.0/16'), what: "Docker's own bridge (172.17.0.0/16)"},
    {
      block: blockLiteral('169.254.0.0/16'),
      what: "the link-local network (169.254.0.0/16), which contains the containers' gateway",
    },
    {block: blockLiteral('127.0.0.0/8'), what: 'the loopback network (127.0.0.0/8)'},
    {block: blockLiteral('224.0.0.0/3'), what: 'multicast and reserved addresses (224.0.0.0/3)'},
  ];
}
