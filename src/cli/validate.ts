import {Command} from 'commander';
import type {Cluster} from '../cluster/cluster.js';
import {ConfigError, Hw5Errors} from '../support/errors.js';
import {findCluster} from './cluster-file.js';
import type {CliContext} from './context.js';
import {optionsOf} from './options.js';

/** `hw5 validate` */
export function validateCommand(context: CliContext): Command {
  return new Command('validate')
    .description('check the cluster file, and the files it names; no node is contacted')
    .addHelpText('after', '\nExamples:\n  hw5 validate\n  hw5 validate -f cluster.example.yaml --json')
    .action(async (_options, command: Command) => {
      const options = optionsOf(command);
      try {
        const cluster = await findCluster(options, context);
        context.stdout.write(options.json ? json({valid: true, cluster}) : `${summarize(cluster)}\n`);
      } catch (error) {
        if (!options.json || !(error instanceof Hw5Errors)) throw error;
        context.stdout.write(json({valid: false, errors: faults(error)}));
        context.setExitCode(error.exitCode);
      }
    });
}

/** What is printed of a right file: enough to see that it says what was meant. */
export function summarize(cluster: Cluster): string {
  const {nodes, framework, network} = cluster;
  const width = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const [names, addresses] = [width(nodes.map(({name}) => name)), width(nodes.map(({address}) => address))];
  return [
    `✓ cluster ${cluster.name}: ${nodes.length} nodes, ${framework.tasks.length} tasks on ${network.subnet}`,
    ...nodes.map(({name, address, roles}) => `  ${name.padEnd(names)}  ${address.padEnd(addresses)}  ${roles.join(', ')}`),
  ].join('\n');
}

/** One object a fault: `{message, hint, file, line, column, path}`. */
export function faults({errors}: Hw5Errors): readonly object[] {
  return errors.map((error) => ({
    message: error.message,
    hint: error.hint,
    ...(error instanceof ConfigError ? error.location : {}),
  }));
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
