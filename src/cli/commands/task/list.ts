import {Command} from 'commander';
import {findFramework} from '../../../tasks/framework-api.js';
import {type CliContext, now} from '../../context.js';
import {formatJson} from '../../json/json.js';
import {taskListSchema} from '../../json/task.js';
import {taskListText} from '../../text/task.js';
import {onCluster} from './on-cluster.js';

/** `hw5 task list` */
export function listCommand(context: CliContext): Command {
  return new Command('list')
    .alias('ls')
    .description('list the tasks and their states')
    .addHelpText(
      'after',
      '\nExamples:\n  hw5 task list\n  hw5 task list --json | jq -r ".tasks[] | select(.healthy | not) | .name"',
    )
    .action((_options, command: Command) =>
      onCluster(command, context, async ({cluster, hosts, options}) => {
        const {state} = await findFramework(cluster, hosts, context.signal);
        context.stdout.write(options.json ? formatJson(taskListSchema, state) : taskListText(state, now()));
      }),
    );
}
