import type {ChangeReport, LeftOut} from '../../firewall/apply-change.js';
import type {NodeResult} from '../../firewall/change-host.js';
import {showDuration} from '../../firewall/duration.js';
import type {FirewallChange} from '../../firewall/firewall-change.js';
import {type ListedRule, type Unconfirmed, WAY} from '../../firewall/list.js';
import {showProbe} from '../../firewall/probe.js';
import type {Proof, ProofRow} from '../../firewall/proof.js';
import {showMatch} from '../../firewall/rule.js';
import {chalk} from '../reporter/colours.js';
import {columns} from './columns.js';

/** The table of rules, and the hooks on the way of a packet. */
export function listText(rules: readonly ListedRule[], unconfirmed: readonly Unconfirmed[], nodes: number): string {
  const waiting = unconfirmed.map(
    ({node, takenBackInSeconds}) =>
      `${node}: a change waits to be confirmed; the node rolls it back in ${showDuration(takenBackInSeconds)}\n`,
  );
  if (nodes === 0) return '';
  if (rules.length === 0)
    return `no rules of hw5 on ${nodes === 1 ? 'this node' : `these ${nodes} nodes`}\n${chalk.yellow(waiting.join(''))}`;
  const rows = rules.map((rule) => [
    rule.id,
    rule.node,
    rule.exercise + (rule.strict ? ' strict' : ''),
    rule.match,
    String(rule.hits),
    rule.ageSeconds === null ? '-' : showDuration(rule.ageSeconds),
    rule.endsInSeconds === null ? '-' : showDuration(rule.endsInSeconds),
    rule.persisted ? 'yes' : 'no',
    rule.points.join(', ').replace('B INPUT', rule.scope === 'containers' ? 'B INPUT from containers' : 'B INPUT'),
  ]);
  const table = columns([['ID', 'NODE', 'EXERCISE', 'MATCH', 'HITS', 'AGE', 'ENDS IN', 'PERSISTED', 'HOOK'], ...rows]);
  const way = WAY.map(([letter, name]) => `${letter} ${name}`);
  return [
    chalk.dim(table[0]),
    ...table.slice(1),
    '',
    chalk.dim(
      `a packet's way: ${way[0]} → ${way[1]} (for this host) or ${way[2]} → ${way[4]} (passed on); what the host sends: ${way[3]} → ${way[4]}`,
    ),
    chalk.yellow(waiting.join('')),
  ].join('\n');
}

/** What a change did on each node, and what proves it. */
export function changeText(change: FirewallChange, report: ChangeReport & {kind: 'applied'}): string {
  const lines = [...report.results.flatMap((result) => resultLines(change, result)), ...report.leftOut.map(leftOutLine)];
  return `${lines.join('\n')}\n${proofsText(report.proofs, report.reachedNodes)}`;
}

function resultLines(change: FirewallChange, {node, outcome}: NodeResult): string[] {
  if (outcome.kind === 'failed') return [`${chalk.red('✗')} ${node}  ${outcome.error.message}`];
  const isChanged = outcome.kind === 'changed';
  const remarks = outcome.change.remarks.map((remark) => chalk.yellow(`  ${remark}`));
  return [`${isChanged ? chalk.green('✓') : chalk.dim('=')} ${node}  ${resultText(change, isChanged)}`, ...remarks];
}

function resultText(change: FirewallChange, isChanged: boolean): string {
  if (change.kind !== 'add') return isChanged ? 'removed' : 'nothing to remove';
  const {id, exercise, match} = change.rule;
  return `${id} ${exercise} ${showMatch(match)}${isChanged ? '' : ' is already there'}`;
}

function leftOutLine({node, why}: LeftOut): string {
  return `${chalk.dim('-')} ${node}  left out: ${why}`;
}

/** The proofs: a table per rule and node, in the manner of the report's transcripts. */
export function proofsText(proofs: readonly Proof[], nodes: number): string {
  const blocks = proofs.map(({node, rule, rows, hits, remarks, doubts}) => {
    const hasBefore = rows.some((row) => row.before !== undefined);
    const table = columns([
      ['PROBE', ...(hasBefore ? ['BEFORE'] : []), hasBefore ? 'AFTER' : 'RESULT', 'MUST', ''],
      ...rows.map((row) => [
        showProbe(row.probe),
        ...(hasBefore ? [row.before?.detail ?? '-'] : []),
        row.after.detail,
        row.expected.replace(/e?s$/, ''),
        sign(row),
      ]),
    ]);
    return [
      '',
      chalk.bold(`${rule.id} ${rule.exercise} ${showMatch(rule.match)} on ${node}`),
      ...(rows.length > 0 ? [chalk.dim(table[0]), ...table.slice(1)] : []),
      ...(hits.after === undefined ? [] : [`packets caught by the rule: ${hits.before ?? '?'} → ${hits.after}`]),
      ...remarks.map((remark) => chalk.yellow(remark)),
      ...doubts.map((doubt) => chalk.red(doubt)),
    ].map((line, index) => (index < 2 ? line : `  ${line}`));
  });
  const lone = nodes === 1 && proofs.length > 0 ? ['', chalk.dim('only one node answers: no other node can send probes')] : [];
  return [...blocks.flat(), ...lone].map((line) => `${line}\n`).join('');
}

function sign({isOk, before, after, expected}: ProofRow): string {
  if (!isOk) return chalk.red('✗');
  // as expected, but not because of the rule
  if (after.kind !== 'answered' && before !== undefined && before.kind !== 'answered') return chalk.dim('not before either');
  return (after.kind === 'answered') === (expected === 'passes') ? chalk.green('✓') : chalk.dim('ended meanwhile');
}

/** What would be installed on the hosts. */
export function dryRunText(plans: readonly NodeResult[], leftOut: readonly LeftOut[]): string {
  const lines = plans.flatMap(({node, outcome}) => {
    if (outcome.kind === 'failed') return [`${chalk.red('✗')} ${node}  ${outcome.error.message}`];
    const {edits, notes, remarks} = outcome.change;
    const remarkLines = remarks.map((remark) => chalk.yellow(`  ${remark}`));
    if (outcome.kind === 'unchanged') return [`${chalk.bold(node)}: nothing to change`, ...remarkLines, ''];
    return [
      ...edits.flatMap(({tool, forward}) => [
        `${chalk.bold(node)}: ${tool}-restore --noflush`,
        ...forward
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
      ]),
      ...notes.map((note) => `${chalk.bold(node)}: ${noteText(note)}`),
      ...remarkLines,
      '',
    ];
  });
  return [...lines, ...leftOut.map(leftOutLine), ''].join('\n');
}

function noteText(note: string): string {
  const [verb, id, seconds, kept] = note.split(' ');
  if (verb === 'drop') return `forget ${id}`;
  const end = seconds === '-' ? '' : `, which ends in ${showDuration(Number(seconds))}`;
  return `note ${id}${end}${kept === 'yes' ? ', kept over a reboot' : ''}`;
}
