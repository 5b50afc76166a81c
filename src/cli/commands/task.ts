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
  const task = new Command('task')
    .enablePositionalOptions()
    .description("the framework's tasks: look at them, log in to them, end them")
    .addHelpText(
      'after',
      `
Examples:
  hw5 task list
  hw5 task logs jupyter -f
  hw5 task exec ssh-1 -- ip -brief address
  hw5 task exec jupyter -- python3 - < script.py
  hw5 task restart ssh-2          ends it gently, and starts it anew
  hw5 task kill ssh-2             at once; it comes back because it is wanted
  hw5 task release ssh-2          its node is off for good: start it elsewhere now

See also \`hw5 why\`, \`hw5 scale\`, \`hw5 logs\`.`,
    );
  const add = (command: Command): void => void task.addCommand(command.copyInheritedSettings(task).exitOverride());
  add(listCommand(context));
  add(logsCommand(context));
  add(execCommand(context));
  for (const command of ['restart', 'kill', 'release'] as const) add(changeCommand(command, context));
  return task;
}

/** The cluster and its nodes, for as long as `work` takes. */
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
    .description('the tasks as the framework sees them')
    .addHelpText(
      'after',
      '\nExamples:\n  hw5 task list\n  hw5 task list --json | jq -r ".tasks[] | select(.healthy | not) | .name"',
    )
    .action((_options, command: Command) =>
      onCluster(command, context, async ({cluster, hosts, options}) => {
        const {state} = await findFramework(cluster, hosts, context.signal);
        context.stdout.write(options.json ? `${JSON.stringify(state, null, 2)}\n` : taskListText(state, now()));
      }),
    );
}

function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .description("what the task's container has written, to standard output and standard error as it did")
    .argument('<task>')
    .option('-f, --follow', 'go on until Ctrl-C, or until the container ends')
    .option('-n, --lines <n>', 'only the last lines', wholeNumber)
    .option('--since <time>', 'only what is newer: 10m, 2h, 1d, or 2024-05-01T12:00')
    .option('-t, --timestamps', 'with the time of each line')
    .option('-p, --previous', 'of the container before, for a task that was started anew')
    .addHelpText(
      'after',
      `
A container that has ended is shown too, as long as Mesos keeps it on its node.

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
          throw new Hw5Error(what, {hint: options.previous ? 'leave --previous out' : `\`hw5 why ${name}\` says why`});
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
    .description("run a command in the task's container; its exit code becomes that of hw5")
    .argument('<task>')
    .argument('<command...>')
    .option('-u, --user <user>', "as this user of the container; by default the image's own, root in ours")
    .option('-w, --workdir <directory>', 'in this directory')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Standard input reaches the command, and Ctrl-C ends it. It gets no terminal of its own: shells work line by line, editors do not.
125 to 127 are docker's own exit codes: it failed, the command cannot be run, there is no such command.

Examples:
  hw5 task exec ssh-1 -- hostname -I
  hw5 task exec -u zzw jupyter -- ssh ssh-1 uptime
  tar c notebooks | hw5 task exec -w /home/zzw jupyter -- tar x`,
    )
    .action((name: string, given: string[], _options, command: Command) =>
      onCluster<{user?: string; workdir?: string}>(command, context, async ({cluster, hosts, options}) => {
        // commander hands over the separator as well
        const argv = given[0] === '--' ? given.slice(1) : given;
        if (argv.length === 0) throw new UsageError('which command?', {hint: `hw5 task exec ${name} -- hostname`});
        const {state} = await findFramework(cluster, hosts, context.signal);
        const container = await runningContainer(cluster, taskOf(state, name, cluster), hosts, context.signal);
        const docker = [
          'docker',
          'exec',
          '--interactive',
          // Docker leaves the command alone when its client ends. By this variable, which the host sets, the command is found again.
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
            // whoever feeds us may not have come to an end
            context.stdin.destroy();
          }
        });
      }),
    );
}

const CHANGES: Readonly<Record<TaskAction, {readonly description: string; readonly more: string}>> = {
  restart: {
    description: 'end the task gently and start it anew',
    more: 'It gets 5 s to end. The new one has the same address and may run on another node.',
  },
  kill: {
    description: 'end the task at once; because it is wanted it comes back',
    more: 'To have fewer tasks, use `hw5 scale`.',
  },
  release: {
    description: 'give up a task whose node cannot be reached, and start it elsewhere now',
    more: `While a node cannot be reached, its container may still live and use the task's address, so the framework waits 300 s before it
starts the task elsewhere. If you know that the machine is off, this ends the waiting. Should it come back, its old container is killed.`,
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
          context.stdout.write(options.json ? `${JSON.stringify({task, command: verb, message})}\n` : `${message}\n`);
        }
      }),
    );
}
