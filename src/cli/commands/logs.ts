import {Command} from 'commander';
import {chooseNodes} from '../../cluster/choose-nodes.js';
import {COMPONENTS} from '../../components/index.js';
import {readLogs} from '../../logs/read.js';
import {logNames, logSource} from '../../logs/source.js';
import {UsageError} from '../../support/errors.js';
import {parseSince} from '../../support/since.js';
import {findCluster} from '../cluster-file.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {logLineSchema} from '../json/logs.js';
import {openHosts} from '../open-hosts.js';
import {optionsOf} from '../options.js';
import {untilInterrupted} from '../output.js';
import {chalk} from '../reporter/colours.js';
import {formatError} from '../text/format-error.js';
import {wholeNumber} from '../whole-number.js';

const COLOURS = [chalk.cyan, chalk.magenta, chalk.green, chalk.yellow, chalk.blue];

interface LogsOptions {
  readonly follow?: boolean;
  readonly node?: readonly string[];
  readonly lines: number;
  readonly since?: string;
}

/** `hw5 logs` */
export function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .argument('<component>', logNames(COMPONENTS).join(', '))
    .option('-f, --follow', 'print new lines until Ctrl-C')
    .option('--node <name...>', 'only these nodes')
    .option('-n, --lines <n>', 'only the last lines of each node', wholeNumber, 100)
    .option('--since <time>', 'only newer lines: 10m, 2h, 1d, or 2024-05-01T12:00')
    .addHelpText(
      'after',
      `
Each line starts with the node's name. For the output of tasks, see \`hw5 task logs\`.

Examples:
  hw5 logs scheduler -f
  hw5 logs mesos-agent --node node1 -n 500
  hw5 logs etcd --since 10m
  hw5 logs calico --json | jq -r 'select(.node == "node2") | .line'`,
    )
    .action(async (component: string, _options, command: Command) => {
      const options = optionsOf<LogsOptions>(command);
      const since = options.since === undefined ? undefined : parseSince(options.since);
      const cluster = await findCluster(options, context);
      const found = logSource(component, cluster, COMPONENTS);
      const source = {...found, nodes: chooseNodes(cluster.nodes, options.node).filter((node) => found.nodes.includes(node))};
      if (source.nodes.length === 0) {
        throw new UsageError(`${found.component} is not on ${options.node?.join(', ')}`, {
          hint: `it is on ${found.nodes.map((node) => node.name).join(', ')}`,
        });
      }
      await using hosts = openHosts(options, context);
      const width = Math.max(...source.nodes.map((node) => node.name.length));
      const names = source.nodes.map((node) => node.name);
      await untilInterrupted(context, async () => {
        const failed = await readLogs(
          source,
          {lines: options.lines, since, follow: options.follow},
          {
            hosts,
            signal: context.signal,
            onLine: ({node, text}) => {
              const prefix = COLOURS[names.indexOf(node) % COLOURS.length]!(`${node.padEnd(width)} |`);
              context.stdout.write(options.json ? formatJson(logLineSchema, {node, line: text}, 0) : `${prefix} ${text}\n`);
            },
            onFailure: ({error}) => void context.stderr.write(`${formatError(error)}\n`),
          },
        );
        if (failed > 0) context.setExitCode(1);
      });
    });
}
