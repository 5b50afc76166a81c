import {Command} from 'commander';
import type {Cluster} from '../../cluster/cluster.js';
import {ConfigError, Hw5Errors} from '../../support/errors.js';
import {findCluster} from '../cluster-file.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {clusterSchema, errorsSchema} from '../json/validate.js';
import {optionsOf} from '../options.js';

/** `hw5 validate` */
export function validateCommand(context: CliContext): Command {
  return new Command('validate')
    .addHelpText('after', '\nExamples:\n  hw5 validate\n  hw5 -f cluster.example.yaml validate')
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      try {
        const cluster = await findCluster(options, context, true);
        context.stdout.write(options.json ? formatJson(clusterSchema, {...cluster}) : `${summarize(cluster)}\n`);
      } catch (error) {
        if (!options.json || !(error instanceof Hw5Errors)) throw error;
        context.stdout.write(errorsJson(error));
        context.setExitCode(error.exitCode);
      }
    });
}

/** A summary of a valid file: the cluster, its nodes and their roles. */
export function summarize(cluster: Cluster): string {
  const width = Math.max(...cluster.nodes.map((node) => node.name.length));
  const addressWidth = Math.max(...cluster.nodes.map((node) => node.address.length));
  return [
    `✓ cluster ${cluster.name}: ${counted(cluster.nodes.length, 'node')}, ${counted(cluster.framework.tasks.length, 'task')} on ${cluster.network.subnet}`,
    ...cluster.nodes.map(
      (node) => `  ${node.name.padEnd(width)}  ${node.address.padEnd(addressWidth)}  ${node.roles.join(', ') || 'no roles'}`,
    ),
  ].join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The errors for programs such as editors: `{message, hint, file, line, column, path}`. */
export function errorsJson({errors}: Hw5Errors): string {
  const items = errors.map((error) => ({
    message: error.message,
    hint: error.hint,
    ...(error instanceof ConfigError ? error.location : {}),
  }));
  return formatJson(errorsSchema, {errors: items});
}
