import {Command} from 'commander';
import {UsageError} from '../../../support/errors.js';
import {runningContainer} from '../../../tasks/container.js';
import {findFramework, taskOf} from '../../../tasks/framework-api.js';
import type {CliContext} from '../../context.js';
import {untilInterrupted, writer} from '../../output.js';
import {onCluster} from './on-cluster.js';

/** `hw5 task exec` */
export function execCommand(context: CliContext): Command {
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
          // When its client exits, docker lets the command run on. This variable, which host/tagged-command.ts sets, identifies the command to kill.
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
