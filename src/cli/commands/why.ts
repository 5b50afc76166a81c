import {Command} from 'commander';
import {COMPONENTS} from '../../components/index.js';
import {explain} from '../../tasks/explain.js';
import {findCluster} from '../cluster-file.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {whySchema} from '../json/why.js';
import {openHosts} from '../open-hosts.js';
import {optionsOf} from '../options.js';
import {explanationText} from '../text/task.js';

/** `hw5 why` */
export function whyCommand(context: CliContext): Command {
  return new Command('why')
    .argument('<task>')
    .addHelpText(
      'after',
      `
Prints what the framework knows (declined offers, an address that is still reserved, a delay after failures), problems on the nodes
(unreachable, services down, images missing), and how the task's last container terminated.

Examples:
  hw5 why jupyter
  hw5 --lab why ssh-3 --json`,
    )
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf(command);
      const cluster = await findCluster(options, context);
      await using hosts = openHosts(options, context);
      const explanation = await explain(cluster, COMPONENTS, name, hosts, context.signal);
      context.stdout.write(options.json ? formatJson(whySchema, explanation) : explanationText(explanation));
      context.setExitCode(explanation.isWell ? 0 : 3);
    });
}
