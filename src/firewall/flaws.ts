import type {Cluster} from '../cluster/cluster.js';
import {Hw5Error} from '../support/errors.js';
import {showDuration} from './duration.js';
import {failsafeOf} from './failsafe.js';
import {isForgetful, type ToolState} from './firewall-state.js';
import {layOut, managedChains} from './layout.js';
import {canonical, type ManagedTable, managedTables, tagOf} from './managed.js';
import type {NodeState} from './nodes.js';
import {linesOf, readSshSources, rulesOn} from './read-rules.js';
import {familiesOf, makeRule, type Rule, showMatch} from './rule.js';
import {chooseTool} from './variant.js';

/** Something of hw5's firewall on a node that is not as hw5 left it. */
export interface Flaw {
  readonly node: string;
  readonly what: string;
  readonly hint: string;
}

/** A timer may be late by this many seconds before it is reported. */
const LATE_SECONDS = 10;

/** Pure: what other programs, users or a reboot changed about hw5's rules on a node. A change that waits to be confirmed is no flaw. */
export function flawsOf({node, state}: NodeState, cluster: Cluster): readonly Flaw[] {
  const flaw = (what: string, hint: string): Flaw => ({node: node.name, what, hint});
  if (state.pending) {
    const late = state.now - state.pending.until;
    if (late <= LATE_SECONDS) return [];
    return [
      flaw(
        `a change that was not confirmed should have been rolled back ${showDuration(late)} ago: its timer was stopped, or iptables fails`,
        'the next change rolls it back first, as `hw5 firewall reset` does',
      ),
    ];
  }
  const rules = rulesOn(state);
  const flaws: Flaw[] = [];
  for (const [id, {added, ends}] of state.notes) {
    const exists = rules.some((rule) => rule.id === id);
    const late = ends === undefined ? 0 : state.now - ends;
    if (!exists && late <= 0)
      flaws.push(
        flaw(
          `rule ${id}, ${showDuration(state.now - added)} old, is not in the kernel any more: hw5 did not remove it`,
          `make it again, or let \`hw5 firewall remove ${id}\` forget it`,
        ),
      );
    if (exists && late > LATE_SECONDS)
      flaws.push(
        flaw(
          `rule ${id} should have ended ${showDuration(late)} ago: its timer was stopped`,
          `\`hw5 firewall remove ${id}\` removes it`,
        ),
      );
  }
  for (const rule of rules.filter((one) => makeRule(one).id !== one.id))
    flaws.push(
      flaw(
        `rule ${rule.id} was edited: it was not made for ${showMatch(rule.match)}`,
        `the command that made it, given again, repairs it; \`hw5 firewall remove ${rule.id}\` removes it`,
      ),
    );
  if (isForgetful(state))
    flaws.push(
      flaw(
        `rules made with --persist will not survive a reboot: hw5-firewall.service is ${state.bootUnit || 'not known to systemd'}`,
        'the command that made one of them, given again with --persist, enables it',
      ),
    );
  const again = 'the command that made one of the rules, given again, repairs all of them';
  for (const family of [4, 6] as const) {
    if (!rules.some((rule) => familiesOf(rule).includes(family))) continue;
    try {
      const tool = chooseTool(state, family, node.name);
      const what = tool ? differences(tool, rules, {node, cluster}) : [];
      if (what.length > 0) flaws.push(flaw(`${tool!.tool}: ${what.join('; ')}`, again));
    } catch (error) {
      if (!(error instanceof Hw5Error)) throw error;
      flaws.push(flaw(error.message.replace(`${node.name} has `, ''), error.hint ?? again));
    }
  }
  return flaws;
}

/** How a family's managed chains differ from what hw5 would install for these rules. */
function differences(
  tool: ToolState,
  rules: readonly Rule[],
  {node, cluster}: Pick<NodeState, 'node'> & {cluster: Cluster},
): string[] {
  const managed = managedTables(tool.tables);
  const failsafe = failsafeOf(node, cluster, readSshSources(managed));
  return layOut(rules, tool.family, failsafe, managedChains(tool.tables, cluster.network.subnet)).flatMap((desired) => {
    const found = managed.find(({name}) => name === desired.name);
    // for example, Calico was installed after the rules
    if (!found) return [`hw5's rules are missing in the table ${desired.name}`];
    const jumps = desired.jumps.flatMap(({from, text}) => {
      const jump = found.jumps.find((one) => one.from === from && canonical(one.text) === canonical(text));
      if (!jump) return [`nothing leads from ${from} to hw5's rules (\`${text}\`)`];
      return jump.isFirst ? [] : [`rules that let packets pass are ahead of hw5's in ${from}`];
    });
    const lines = hasSameLines(desired, found)
      ? []
      : [`hw5's chains in the table ${desired.name} have lines missing, or lines that are not hw5's`];
    return [...jumps, ...lines];
  });
}

/**
 * Whether a packet meets the same lines in both. When a rule ends by itself, its chain and the failsafe stay until no rule is left in the chain: such
 * a failsafe does not count.
 */
function hasSameLines(desired: ManagedTable, found: ManagedTable): boolean {
  const lines = linesOf([desired]);
  const needsFailsafe = lines.some(isFailsafe);
  const met = linesOf([found]).filter((line) => needsFailsafe || !isFailsafe(line));
  return lines.map(({text}) => canonical(text)).join('\n') === met.map(({text}) => canonical(text)).join('\n');
}

const isFailsafe = (line: Parameters<typeof tagOf>[0]): boolean => tagOf(line)?.owner === 'failsafe';
