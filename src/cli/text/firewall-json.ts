import type {ChangeReport} from '../../firewall/apply-change.js';
import type {NodeResult} from '../../firewall/change-host.js';
import type {Flaw} from '../../firewall/flaws.js';
import type {ListedRule, Unconfirmed} from '../../firewall/list.js';
import type {NodeFailure} from '../../firewall/nodes.js';
import {showProbe} from '../../firewall/probe.js';
import type {Proof} from '../../firewall/proof.js';
import type {Verification} from '../../firewall/verify-rules.js';
import {firewallChangeSchema, firewallListSchema, firewallVerifySchema} from '../json/firewall.js';
import {formatJson} from '../json/json.js';

/** `--json` of the commands that change something. @param id of the rule that the change is about, if it is about one */
export function reportJson(id: string | undefined, report: ChangeReport): string {
  const {results, leftOut} = report;
  if (report.kind === 'planned') return formatJson(firewallChangeSchema, {id, nodes: results.map(planJson), leftOut});
  return formatJson(firewallChangeSchema, {id, nodes: results.map(resultJson), leftOut, proofs: report.proofs.map(proofJson)});
}

/** `--json` of `list` */
export function listJson({
  rules,
  unconfirmed,
  flaws,
  failures,
}: {
  readonly rules: readonly ListedRule[];
  readonly unconfirmed: readonly Unconfirmed[];
  readonly flaws: readonly Flaw[];
  readonly failures: readonly NodeFailure[];
}): string {
  const unreachable = failures.map(({node, error}) => ({node: node.name, error: error.message}));
  return formatJson(firewallListSchema, {rules, unconfirmed, flaws, unreachable});
}

/** `--json` of `verify` */
export function verificationJson({proofs, flaws}: Verification): string {
  return formatJson(firewallVerifySchema, {proofs: proofs.map(proofJson), flaws});
}

function resultJson({node, outcome}: NodeResult) {
  if (outcome.kind === 'failed') return {node, result: 'failed' as const, error: outcome.error.message};
  return {node, result: outcome.kind, remarks: outcome.change.remarks};
}

function planJson({node, outcome}: NodeResult) {
  if (outcome.kind === 'failed') return resultJson({node, outcome});
  const {edits, notes, remarks} = outcome.change;
  return {node, result: outcome.kind, remarks, edits: edits.map(({tool, forward}) => ({tool, restore: forward})), notes};
}

function proofJson({node, rule, rows, hits, remarks, doubts, isOk}: Proof) {
  return {
    id: rule.id,
    node,
    ok: isOk,
    hitsBefore: hits.before ?? null,
    hitsAfter: hits.after ?? null,
    probes: rows.map(({probe, before, after, expected, isOk: ok}) => ({
      probe: showProbe(probe),
      expected,
      before: before ?? null,
      after,
      ok,
    })),
    remarks,
    doubts,
  };
}
