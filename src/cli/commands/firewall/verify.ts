import {Command} from 'commander';
import {chooseNodes} from '../../../cluster/choose-nodes.js';
import {FirewallNodes} from '../../../firewall/nodes.js';
import {verifyRules} from '../../../firewall/verify-rules.js';
import {findCluster} from '../../cluster-file.js';
import {connector} from '../../connect.js';
import type {CliContext} from '../../context.js';
import {optionsOf} from '../../options.js';
import {proofsText} from '../../text/firewall.js';
import {verificationJson} from '../../text/firewall-json.js';
import {type NodeOptions, readId, withExamples, withNodeOption} from './options.js';

/** `hw5 firewall verify` */
export function verifyCommand(context: CliContext): Command {
  const command = withNodeOption(
    new Command('verify')
      .description('prove the rules by real probes, in both directions')
      .argument('[id]', 'one rule (default: all)'),
  );
  return withExamples(command, ['verify', 'verify 3f2a1c']).action(async (id: string | undefined, _options, command: Command) => {
    const options = optionsOf<NodeOptions>(command);
    const cluster = await findCluster(options, context);
    const targets = chooseNodes(cluster.nodes, options.node);
    const {signal} = context;
    await using nodes = await FirewallNodes.open({cluster, connect: connector(options, context), signal});
    await verifyRules(nodes, {
      targets,
      id: id === undefined ? undefined : readId(id),
      emit: (found) =>
        context.stdout.write(
          options.json
            ? verificationJson(found)
            : proofsText(found.proofs, nodes.views.length) || 'no rules of hw5: nothing to prove\n',
        ),
      signal,
    });
  });
}
