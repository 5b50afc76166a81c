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

/** Something of hw5 on a node that is not as hw5 left it. */
export interface Flaw {
  readonly node: string;
  readonly what: string;
  readonly hint: string;
}

/** A timer may be late by this many seconds before it is said to be. */
const LATE_SECONDS = 10;

/** Pure: what somebody, or a reboot, has taken from hw5's rules on a node or put in their way. A change that waits to be confirmed is no flaw. */
export function flawsOf({node, state}: NodeState, cluster: Cluster): readonly Flaw[] {
  const flaw = (what: string, hint: string): Flaw => ({node: node.name, what, hint});
  if (state.pending) {
    const late = state.now - state.pending.until;
    if (late <= LATE_SECONDS) return [];
    return [
      flaw(
        `a change that nobody confirmed should have been taken back ${showDuration(late)} ago: its timer was stopped, or iptables refuses`,
        'the next change takes it back first, as `hw5 firewall reset` does',
      ),
    ];
  }
  const rules = rulesOn(state);
  const flaws: Flaw[] = [];
  for (const [id, {added, ends}] of state.notes) {
    const isThere = rules.some((rule) => rule.id === id);
    const late = ends === undefined ? 0 : state.now - ends;
    if (!isThere && late <= 0)
      flaws.push(
        flaw(
          `rule ${id}, ${showDuration(state.now - added)} old, is not in the kernel any more: not hw5 took it out`,
          `make it again, or let \`hw5 firewall remove ${id}\` forget it`,
        ),
      );
    if (isThere && late > LATE_SECONDS)
      flaws.push(
        flaw(
          `rule ${id} should have ended ${showDuration(late)} ago: its timer was stopped`,
          `\`hw5 firewall remove ${id}\` takes it away`,
        ),
      );
  }
  for (const rule of rules.filter((one) => makeRule(one).id !== one.id))
    flaws.push(
      flaw(
        `rule ${rule.id} was made for something else than ${showMatch(rule.match)}: somebody edited it`,
        `the command that made it, given again, puts it right; \`hw5 firewall remove ${rule.id}\` takes it away`,
      ),
    );
  if (isForgetful(state))
    flaws.push(
      flaw(
        `rules that are kept will not survive a reboot: hw5-firewall.service is ${state.bootUnit || 'not known to systemd'}`,
        'the command that made one of them, given again with --persist, enables it',
      ),
    );
  const again = 'the command that made one of the rules, given again, puts everything in its place';
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

/** How a family's part of our ground differs from what these rules make of it. */
function differences(
  tool: ToolState,
  rules: readonly Rule[],
  {node, cluster}: Pick<NodeState, 'node'> & {cluster: Cluster},
): string[] {
  const own = managedTables(tool.tables);
  const failsafe = failsafeOf(node, cluster, readSshSources(own));
  return layOut(rules, tool.family, failsafe, managedChains(tool.tables)).flatMap((wanted) => {
    const found = own.find(({name}) => name === wanted.name);
    // as when Calico came after the rules
    if (!found) return [`hw5's rules are missing in the table ${wanted.name}`];
    const jumps = wanted.jumps.flatMap(({from, text}) => {
      const there = found.jumps.find((jump) => jump.from === from && canonical(jump.text) === canonical(text));
      if (!there) return [`nothing leads from ${from} to hw5's rules (\`${text}\`)`];
      return there.isFirst ? [] : [`rules that let packets pass stand ahead of hw5's in ${from}`];
    });
    const lines = isInOrder(wanted, found)
      ? []
      : [`hw5's chains in the table ${wanted.name} have lines missing, or lines that are not hw5's`];
    return [...jumps, ...lines];
  });
}

/** Whether a packet meets the same lines. Where a rule ended by itself, a chain or a failsafe may have stayed that is of no use any more. */
function isInOrder(wanted: ManagedTable, found: ManagedTable): boolean {
  const lines = linesOf([wanted]);
  const isSafe = lines.some(isFailsafe);
  const met = linesOf([found]).filter((line) => isSafe || !isFailsafe(line));
  return lines.map(({text}) => canonical(text)).join('\n') === met.map(({text}) => canonical(text)).join('\n');
}

const isFailsafe = (line: Parameters<typeof tagOf>[0]): boolean => tagOf(line)?.owner === 'failsafe';
