import {Hw5Error} from '../../support/errors.js';
import type {Lab} from '../lab.js';
import {run} from '../run.js';

/** The rules of one table: the lab's own chain and the jump to it. */
export interface LabTable {
  readonly table: 'filter' | 'mangle' | 'nat';
  readonly chain: string;
  /** As `iptables -S` prints them, so that what is there can be compared. */
  readonly rules: readonly string[];
  readonly jump: {readonly from: string; readonly rule: string};
}

/** Private and special ranges: the lab must not reach into anybody's network. 198.18.0.0/15 holds the other labs. */
const REFUSED = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'];

const REJECT = '-j REJECT --reject-with icmp-admin-prohibited';

/** All rules of a lab. Pure. @param resolvers IPv4 addresses the machines may ask for names even where they are private */
export function labTables(lab: Lab, resolvers: readonly string[]): LabTable[] {
  const {bridge, chain, subnet} = lab;
  const add = (rule: string): string => `-A ${chain} ${rule}`;
  const jump = (from: string): LabTable['jump'] => ({from, rule: `-m comment --comment "hw5:lab:${lab.name}" -j ${chain}`});
  const dns = resolvers.flatMap((address) =>
    ['udp', 'tcp'].map((protocol) => add(`-d ${address}/32 -i ${bridge} -p ${protocol} -m ${protocol} --dport 53 -j ACCEPT`)),
  );
  return [
    {
      table: 'filter',
      chain,
      jump: jump('FORWARD'),
      rules: [
        // Between machines; passes here only where br_netfilter shows bridged packets to iptables.
        add(`-i ${bridge} -o ${bridge} -j ACCEPT`),
        add(`-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        add(`! -s ${subnet} -i ${bridge} ${REJECT}`),
        ...dns,
        ...REFUSED.map((range) => add(`-d ${range} -i ${bridge} ${REJECT}`)),
        add(`-i ${bridge} -j ACCEPT`),
        add(`-o ${bridge} ${REJECT}`),
      ],
    },
    {
      table: 'nat',
      chain,
      jump: jump('POSTROUTING'),
      rules: [add(`-s ${subnet} ! -o ${bridge} -j MASQUERADE`)],
    },
    {
      // The way out may have a smaller MTU than the machines' 1500, and ICMP that says so is often lost.
      table: 'mangle',
      chain,
      jump: jump('FORWARD'),
      rules: [
        add(`-i ${bridge} ! -o ${bridge} -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`),
        add(`! -i ${bridge} -o ${bridge} -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu`),
      ],
    },
  ];
}

/** Brings the rules about, touching only tables where something is missing or different. @returns whether there was one */
export async function applyFirewall(lab: Lab, resolvers: readonly string[], signal?: AbortSignal): Promise<boolean> {
  let isChanged = false;
  for (const wanted of labTables(lab, resolvers)) {
    const present = (await run(['iptables', '-w', '-t', wanted.table, '-S'], {signal})).split('\n');
    const text = restoreText(wanted, present);
    if (!text) continue;
    await restore(text, signal);
    isChanged = true;
  }
  return isChanged;
}

/** Changes rules. @throws Hw5Error when that would not be where they were read */
async function restore(text: string, signal?: AbortSignal): Promise<void> {
  const difference = differingVariants(await run(['iptables', '-V'], {signal}), await run(['iptables-restore', '-V'], {signal}));
  if (difference) {
    throw new Hw5Error(`${difference} on this computer, and neither sees the rules of the other`, {
      hint: '`update-alternatives --auto iptables` makes them the same again',
    });
  }
  await run(['iptables-restore', '-w', '--noflush'], {stdin: text, signal, hint: 'the kernel may lack a netfilter module'});
}

/** How two commands differ, by what they print with -V; undefined: both are of one variant. Before 1.8 there was no other than legacy. */
export function differingVariants(iptables: string, iptablesRestore: string): string | undefined {
  const [one, other] = [iptables, iptablesRestore].map((version) => /\((\w+)\)/.exec(version)?.[1] ?? 'legacy');
  return one === other ? undefined : `iptables is of the variant ${one} and iptables-restore of ${other}`;
}

/**
 * What `iptables-restore --noflush` has to be told to get from the present rules (`iptables -S` lines) to the wanted; undefined: nothing.
 * It is atomic for a table, and naming the chain empties it.
 */
export function restoreText(wanted: LabTable, present: readonly string[]): string | undefined {
  const own = present.filter((line) => line.startsWith(`-A ${wanted.chain} `));
  const hasRules = own.length === wanted.rules.length && own.every((line, index) => line === wanted.rules[index]);
  const hasJump = jumpsIn(wanted.chain, present).length > 0;
  if (hasRules && hasJump) return undefined;
  const lines = [`*${wanted.table}`];
  if (!hasRules) lines.push(`:${wanted.chain} - [0:0]`, ...wanted.rules);
  // First, so that a DROP of somebody else's (Docker's, a firewall's) does not come before.
  if (!hasJump) lines.push(`-I ${wanted.jump.from} 1 ${wanted.jump.rule}`);
  return [...lines, 'COMMIT', ''].join('\n');
}

/** Removes all of it, however much is there. */
export async function removeFirewall(lab: Lab): Promise<void> {
  for (const table of ['filter', 'nat', 'mangle']) {
    const present = (await run(['iptables', '-w', '-t', table, '-S'])).split('\n');
    const jumps = jumpsIn(lab.chain, present).map((line) => line.replace(/^-A/, '-D'));
    const chain = present.includes(`-N ${lab.chain}`) ? [`-F ${lab.chain}`, `-X ${lab.chain}`] : [];
    if (jumps.length + chain.length === 0) continue;
    await restore([`*${table}`, ...jumps, ...chain, 'COMMIT', ''].join('\n'));
  }
}

function jumpsIn(chain: string, present: readonly string[]): string[] {
  return present.filter((line) => line.endsWith(` -j ${chain}`) && !line.startsWith(`-A ${chain} `));
}
