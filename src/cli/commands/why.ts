import {Command} from 'commander';
import {COMPONENTS} from '../../components/index.js';
import {explain} from '../../tasks/explain.js';
import {findCluster} from '../cluster-file.js';
import type {CliContext} from '../context.js';
import {openHosts} from '../open-hosts.js';
import {optionsOf} from '../options.js';
import {explanationText} from '../text/task.js';

/** `hw5 why` */
export function whyCommand(context: CliContext): Command {
  return new Command('why')
    .description('say in plain words why a task is as it is; exit 0 if it is well, else 3')
    .argument('<task>')
    .addHelpText(
      'after',
      `
What the framework knows (refused offers, the fence around an address, waiting after failures), what is amiss on the nodes (not reachable,
services down, images missing), and how the task's last container ended.

Examples:
  hw5 why jupyter
  hw5 --lab why ssh-3 --json`,
    )
    .action(async (name: string, _options, command: Command) => {
      const options = optionsOf(command);
      const cluster = await findCluster(options, context);
      await using hosts = openHosts(options, context);
      const explanation = await explain(cluster, COMPONENTS, name, hosts, context.signal);
      context.stdout.write(options.json ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation));
      context.setExitCode(explanation.isWell ? 0 : 3);
    });
}
