import {Command} from 'commander';
import {Hw5Error} from '../../../support/errors.js';
import {dockerSince, parseSince} from '../../../support/since.js';
import {findContainers} from '../../../tasks/container.js';
import {findFramework, taskOf} from '../../../tasks/framework-api.js';
import type {CliContext} from '../../context.js';
import {untilInterrupted, writer} from '../../output.js';
import {wholeNumber} from '../../whole-number.js';
import {onCluster} from './on-cluster.js';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number | undefined;
  readonly since?: string;
  readonly timestamps?: boolean;
  readonly previous?: boolean;
}

/** `hw5 task logs` */
export function logsCommand(context: CliContext): Command {
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
        const argv = ['docker', 'logs', ...dockerOptions(options), ...dockerSince(since), container.id];
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

function dockerOptions({follow, lines, timestamps}: LogsOptions): string[] {
  return [
    ...(follow ? ['--follow'] : []),
    ...(lines === undefined ? [] : [`--tail=${lines}`]),
    ...(timestamps ? ['--timestamps'] : []),
  ];
}
