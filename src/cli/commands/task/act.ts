import {Command} from 'commander';
import type {TaskAction} from '../../../scheduler-api/commands.js';
import {findFramework, taskOf} from '../../../tasks/framework-api.js';
import type {CliContext} from '../../context.js';
import {formatJson} from '../../json/json.js';
import {taskActionSchema} from '../../json/task.js';
import {onCluster} from './on-cluster.js';

const ACTIONS: Readonly<Record<TaskAction, {readonly description: string; readonly more: string}>> = {
  restart: {
    description: 'stop the task gracefully and start it again',
    more: 'The task has 5 s to exit. The new one has the same address and may run on another node.',
  },
  kill: {
    description: 'stop the task immediately; the framework starts it again',
    more: 'To reduce the number of tasks, use `hw5 scale`.',
  },
  release: {
    description: 'replace a task whose node is unreachable now, on another node',
    more: `While a node is unreachable, the task's container may still be running there and use the task's address, so the framework waits 300 s
before it starts the task on another node. If you know that the machine is off, this command ends the wait. If the machine comes back, its old
container is killed.`,
  },
};

/** `hw5 task restart`, `kill` or `release` */
export function actionCommand(action: TaskAction, context: CliContext): Command {
  const {description, more} = ACTIONS[action];
  return new Command(action)
    .description(description)
    .argument('<task...>')
    .addHelpText('after', `\n${more}\n\nExamples:\n  hw5 task ${action} ssh-1\n  hw5 task list`)
    .action((names: string[], _options, command: Command) =>
      onCluster(command, context, async ({cluster, hosts, options}) => {
        const api = await findFramework(cluster, hosts, context.signal);
        const tasks = names.map((name) => taskOf(api.state, name, cluster).name);
        for (const task of tasks) {
          const message = await api.command(task, action);
          context.stdout.write(options.json ? formatJson(taskActionSchema, {task, command: action, message}, 0) : `${message}\n`);
        }
      }),
    );
}
