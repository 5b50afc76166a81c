import {chooseNodes} from '../../../cluster/choose-nodes.js';
import {applyChange, type ChangeReport} from '../../../firewall/apply-change.js';
import {type FirewallChange, ruleIdOf} from '../../../firewall/firewall-change.js';
import {findCluster} from '../../cluster-file.js';
import {connector} from '../../connect.js';
import type {CliContext} from '../../context.js';
import {changeText, dryRunText} from '../../text/firewall.js';
import {reportJson} from '../../text/firewall-json.js';
import type {ChangeOptions} from './options.js';

/** Applies a change to the nodes that the options name, and prints what became of it. */
export async function runChange(change: FirewallChange, options: ChangeOptions, context: CliContext): Promise<void> {
  const cluster = await findCluster(options, context);
  await applyChange(cluster, change, {
    connect: connector(options, context),
    nodes: chooseNodes(cluster.nodes, options.node),
    areNamed: options.node !== undefined,
    isDryRun: options.dryRun === true,
    isProven: options.probe,
    confirmSeconds: options.confirmWithin,
    emit: (report) => context.stdout.write(options.json ? reportJson(ruleIdOf(change), report) : reportText(change, report)),
    signal: context.signal,
  });
}

function reportText(change: FirewallChange, report: ChangeReport): string {
  return report.kind === 'planned' ? dryRunText(report.results, report.leftOut) : changeText(change, report);
}
