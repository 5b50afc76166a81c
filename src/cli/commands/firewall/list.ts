import {Command} from 'commander';
import {chooseNodes} from '../../../cluster/choose-nodes.js';
import {flawsOf} from '../../../firewall/flaws.js';
import {listRules, listUnconfirmed} from '../../../firewall/list.js';
import {FirewallNodes} from '../../../firewall/nodes.js';
import {flawError, throwAll} from '../../../firewall/report-errors.js';
import {findCluster} from '../../cluster-file.js';
import {connector} from '../../connect.js';
import type {CliContext} from '../../context.js';
import {optionsOf} from '../../options.js';
import {listText} from '../../text/firewall.js';
import {listJson} from '../../text/firewall-json.js';
import {type NodeOptions, withExamples, withNodeOption} from './options.js';

/** `hw5 firewall list` */
export function listCommand(context: CliContext): Command {
  const command = withNodeOption(new Command('list').description('show the rules in the order in which the kernel applies them'));
  return withExamples(command, ['list', 'list --node node1 --json']).action(async (_options, command: Command) => {
    const options = optionsOf<NodeOptions>(command);
    const cluster = await findCluster(options, context);
    const {signal} = context;
    await using nodes = await FirewallNodes.open(
      {cluster, connect: connector(options, context), signal},
      chooseNodes(cluster.nodes, options.node),
    );
    const rules = listRules(nodes.views);
    const unconfirmed = listUnconfirmed(nodes.views);
    const flaws = nodes.views.flatMap((view) => flawsOf(view, cluster));
    context.stdout.write(
      options.json
        ? listJson({rules, unconfirmed, flaws, failures: nodes.failures})
        : listText(rules, unconfirmed, nodes.views.length),
    );
    throwAll([...nodes.failures.map(({error}) => error), ...flaws.map(flawError)]);
  });
}
