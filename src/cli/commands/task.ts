import {Command} from 'commander';
import type {Cluster} from '../../cluster/cluster.js';
import type {OpenHosts} from '../../host/open-hosts.js';
import type {TaskAction} from '../../scheduler-api/commands.js';
import {Hw5Error, UsageError} from '../../support/errors.js';
import {dockerSince, parseSince} from '../../support/since.js';
import {findContainers, runningContainer} from '../../tasks/container.js';
import {findFramework, taskOf} from '../../tasks/framework-api.js';
import {findCluster} from '../cluster-file.js';
import {type CliContext, now} from '../context.js';
import {formatJson} from '../json/json.js';
import {taskActionSchema, taskListSchema} from '../json/task.js';
import {openHosts} from '../open-hosts.js';
import {type GlobalOptions, optionsOf} from '../options.js';
import {untilInterrupted, writer} from '../output.js';
import {taskListText} from '../text/task.js';
import {wholeNumber} from '../whole-number.js';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number | undefined;
  readonly since?: string;
  readonly timestamps?: boolean;
  readonly previous?: boolean;
}

/** `hw5 task …` */
export function taskCommand(context: CliContext): Command {
  const task = new Command('task').enablePositionalOptions().addHelpText(
    'after',
    `
Examples:
  hw5 task list
  hw5 task logs jupyter -f
  hw5 task exec ssh-1 -- ip -brief address
  hw5 task exec jupyter -- python3 - < script.py
  hw5 task restart ssh-2          stop it gracefully and start it again
  hw5 task kill ssh-2             stop it immediately; the framework starts it again
  hw5 task release ssh-2          its node will not come back: start it on another node now

See also \`hw5 why\`, \`hw5 scale\`, \`hw5 logs\`.`,
  );
  const add = (command: Command): void => void task.addCommand(command.copyInheritedSettings(task).exitOverride());
  add(listCommand(context));
  add(logsCommand(context));
  add(execCommand(context));
  for (const command of ['restart', 'kill', 'release'] as const) add(changeCommand(command, context));
  return task;
}

/** Calls `work` with the cluster and connections to its nodes, which are closed afterwards. */
async function onCluster<O extends object>(
  command: Command,
  context: CliContext,
  work: (found: {readonly cluster: Cluster; readonly hosts: OpenHosts; readonly options: GlobalOptions & O}) => Promise<void>,
): Promise<void> {
  const options = optionsOf<O>(command);
  const cluster = await findCluster(options, context);
  await using hosts = openHosts(options, context);
  await work({cluster, hosts, options});
}

function listCommand(context: CliContext): Command {
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

function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .description("print the output of the task's container, its standard error to standard error")
    .argument('<task>')
    .option('-f, --follow', 'print new lines until Ctrl-C or until the container exits')
    .option('-n, --lines <n>', 'only the last lines', wholeNumber)
    .option('--since <time>', 'only newer lines: 10m, 2h, 1d, or 2024-05-01T12:00')
    .option('-t, --timestamps', 'print the time of each line')
    .option('-p, --previous', 'print the output of the previous container of a restarted task')
    .addHelpText(
      'after',
      `
The output of a container that has exited is available as long as Mesos keeps the container on its node.

Examples:
  hw5 task logs jupyter -n 50 -f
  hw5 task logs ssh-1 --previous
  hw5 task logs ssh-1 --since 10m 2>&1 | grep Accepted`,
    )
    .action((name: string, _options, command: Command) =>
      onCluster<LogsOptions>(command, context, async ({cluster, hosts, options}) => {
        const since = options.since === undefined ? undefined : parseSince(options.since);
        const {state} = await findFramework(cluster, hosts, context.signal);
        const task = taskOf(state, name, cluster);
        const containers = await findContainers(cluster, task, hosts, context.signal);
        const container = containers[options.previous ? 1 : 0];
        if (container === undefined) {
          const what =
            options.previous && containers.length > 0 ? `${name} has had only one container` : `${name} has no container`;
          throw new Hw5Error(what, {hint: options.previous ? 'omit --previous' : `\`hw5 why ${name}\` explains the reason`});
        }
        const argv = [
          'docker',
          'logs',
          ...(options.follow ? ['--follow'] : []),
          ...(options.lines === undefined ? [] : [`--tail=${options.lines}`]),
          ...(options.timestamps ? ['--timestamps'] : []),
          ...dockerSince(since),
          container.id,
        ];
        await untilInterrupted(context, async () => {
          const {code} = await container.host.exec(argv, {
            signal: context.signal,
            onStdout: writer(context.stdout),
            onStderr: writer(context.stderr),
          });
          context.setExitCode(code ?? 1);
        });
      }),
    );
}

function execCommand(context: CliContext): Command {
  return new Command('exec')
    .description("run a command in the task's container; hw5 exits with the command's exit code")
    .argument('<task>')
    .argument('<command...>')
    .option('-u, --user <user>', "run as this user; the default is the image's user, which is root in hw5's images")
    .option('-w, --workdir <directory>', 'run in this directory')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Standard input is passed to the command, and Ctrl-C terminates it. It has no terminal: shells work line by line, editors do not work.
Exit codes 125 to 127 are docker's: docker failed, the command cannot be executed, the command does not exist.

Examples:
  hw5 task exec ssh-1 -- hostname -I
  hw5 task exec -u zzw jupyter -- ssh ssh-1 uptime
  tar c notebooks | hw5 task exec -w /home/zzw jupyter -- tar x`,
    )
    .action((name: string, given: string[], _options, command: Command) =>
      onCluster<{user?: string; workdir?: string}>(command, context, async ({cluster, hosts, options}) => {
        // commander includes the separator `--`
        const argv = given[0] === '--' ? given.slice(1) : given;
        if (argv.length === 0) throw new UsageError('the command to run is missing', {hint: `hw5 task exec ${name} -- hostname`});
        const {state} = await findFramework(cluster, hosts, context.signal);
        const container = await runningContainer(cluster, taskOf(state, name, cluster), hosts, context.signal);
        const docker = [
          'docker',
          'exec',
          '--interactive',
          // When its client exits, docker lets the command run on. This variable, whose value ssh-host sets, identifies the command to kill.
          '--env=HW5_EXEC',
          ...(options.user === undefined ? [] : [`--user=${options.user}`]),
          ...(options.workdir === undefined ? [] : [`--workdir=${options.workdir}`]),
          container.id,
          ...argv,
        ];
        await untilInterrupted(context, async () => {
          try {
            const {code} = await container.host.exec(docker, {
              stdin: context.stdin,
              signal: context.signal,
              onStdout: writer(context.stdout),
              onStderr: writer(context.stderr),
            });
            context.setExitCode(code ?? 1);
          } finally {
            // the process that writes to standard input may not have closed it
            context.stdin.destroy();
          }
        });
      }),
    );
}

const CHANGES: Readonly<Record<TaskAction, {readonly description: string; readonly more: string}>> = {
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

function changeCommand(verb: TaskAction, context: CliContext): Command {
  const {description, more} = CHANGES[verb];
  return new Command(verb)
    .description(description)
    .argument('<task...>')
    .addHelpText('after', `\n${more}\n\nExamples:\n  hw5 task ${verb} ssh-1\n  hw5 task list`)
    .action((names: string[], _options, command: Command) =>
      onCluster(command, context, async ({cluster, hosts, options}) => {
        const api = await findFramework(cluster, hosts, context.signal);
        const tasks = names.map((name) => taskOf(api.state, name, cluster).name);
        for (const task of tasks) {
          const message = await api.command(task, verb);
          context.stdout.write(options.json ? formatJson(taskActionSchema, {task, command: verb, message}, 0) : `${message}\n`);
        }
      }),
    );
}
