import {Hw5Error} from '../../support/errors.js';
import type {Lab} from '../lab.js';
import {run} from '../run.js';

/** The rules of one table: the lab's chain and the jump to it. */
export interface LabTable {
  readonly table: 'filter' | 'mangle' | 'nat';
  readonly chain: string;
  /** As `iptables -S` prints them, so that they can be compared with the present ones. */
  readonly rules: readonly string[];
  readonly jump: {readonly from: string; readonly rule: string};
}

/** Private and special ranges, which the machines must not reach. 198.18.0.0/15 contains the other labs. */
const REJECTED = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'];

const REJECT = '-j REJECT --reject-with icmp-admin-prohibited';

/** All rules of a lab. Pure. @param resolvers IPv4 addresses that the machines may send DNS queries to, even where they are private */
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
        // Between machines: only where br_netfilter passes bridged packets to iptables.
        add(`-i ${bridge} -o ${bridge} -j ACCEPT`),
        add(`-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`),
        add(`! -s ${subnet} -i ${bridge} ${REJECT}`),
        ...dns,
        ...REJECTED.map((range) => add(`-d ${range} -i ${bridge} ${REJECT}`)),
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
      // The path to the outside may have a smaller MTU than the machines' 1500, and the ICMP messages that report it are often dropped.
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

/** Applies the rules, changing only tables where a rule is missing or different. @returns whether there was one */
export async function applyFirewall(lab: Lab, resolvers: readonly string[], signal?: AbortSignal): Promise<boolean> {
  let isChanged = false;
  for (const desired of labTables(lab, resolvers)) {
    const present = (await run(['iptables', '-w', '-t', desired.table, '-S'], {signal})).split('\n');
    const text = restoreText(desired, present);
    if (!text) continue;
    await restore(text, signal);
    isChanged = true;
  }
  return isChanged;
}

/** Changes rules. @throws Hw5Error when iptables-restore would change other tables than those that iptables reads */
async function restore(text: string, signal?: AbortSignal): Promise<void> {
  const difference = differingVariants(await run(['iptables', '-V'], {signal}), await run(['iptables-restore', '-V'], {signal}));
  if (difference) {
    throw new Hw5Error(`${difference} on this host, and neither shows the rules of the other`, {
      hint: '`update-alternatives --auto iptables` makes them the same again',
    });
  }
  await run(['iptables-restore', '-w', '--noflush'], {stdin: text, signal, hint: 'the kernel may lack a netfilter module'});
}

/** The difference of two commands' variants, by their output with -V; undefined where they have the same. Before 1.8 all were legacy. */
export function differingVariants(iptables: string, iptablesRestore: string): string | undefined {
  const [one, other] = [iptables, iptablesRestore].map((version) => /\((\w+)\)/.exec(version)?.[1] ?? 'legacy');
  return one === other ? undefined : `iptables is of the variant ${one} and iptables-restore of ${other}`;
}

/**
 * The input for `iptables-restore --noflush` that leads from the present rules (lines of `iptables -S`) to the desired ones; undefined where they
 * are equal. It is applied atomically per table, and a line with the chain's name empties the chain.
 */
export function restoreText(desired: LabTable, present: readonly string[]): string | undefined {
  const own = present.filter((line) => line.startsWith(`-A ${desired.chain} `));
  const hasRules = own.length === desired.rules.length && own.every((line, index) => line === desired.rules[index]);
  const hasJump = jumpsIn(desired.chain, present).length > 0;
  if (hasRules && hasJump) return undefined;
  const lines = [`*${desired.table}`];
  if (!hasRules) lines.push(`:${desired.chain} - [0:0]`, ...desired.rules);
  // First, before the DROP of foreign rules (Docker's, a firewall's).
  if (!hasJump) lines.push(`-I ${desired.jump.from} 1 ${desired.jump.rule}`);
  return [...lines, 'COMMIT', ''].join('\n');
}

/** Removes all rules of a lab, also where only some exist. */
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
