import {showProbe} from '../../firewall/probe.js';
import type {Proof} from '../../firewall/proof.js';
import type {NodeResult} from '../../firewall/work.js';

/** What became of a node, for programs. */
export function resultJson({node, outcome}: NodeResult): unknown {
  if (outcome.kind === 'failed') return {node, result: 'failed', error: outcome.error.message};
  return {node, result: outcome.kind, remarks: outcome.change.remarks};
}

/** What a node would be told, for programs. */
export function planJson({node, outcome}: NodeResult): unknown {
  if (outcome.kind === 'failed') return resultJson({node, outcome});
  const {edits, notes, remarks} = outcome.change;
  return {node, result: outcome.kind, remarks, edits: edits.map(({tool, forward}) => ({tool, restore: forward})), notes};
}

/** What was proven of a rule on a node, for programs. */
export function proofJson({node, rule, rows, hits, remarks, doubts, isOk}: Proof): unknown {
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
