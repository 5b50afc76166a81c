import {Command} from 'commander';
import type {ClusterNode} from '../../cluster/cluster.js';
import {COMPONENTS} from '../../components/index.js';
import type {Host} from '../../host/host.js';
import {PromptAwareLimits} from '../../host/prompt-aware-limits.js';
import {collectStatus, type HostOf} from '../../status/collect.js';
import {UsageError} from '../../support/errors.js';
import {pause} from '../../support/pause.js';
import {findCluster} from '../cluster-file.js';
import {connector} from '../connect.js';
import type {CliContext} from '../context.js';
import {formatJson} from '../json/json.js';
import {statusSchema} from '../json/status.js';
import {type GlobalOptions, optionsOf} from '../options.js';
import {untilInterrupted} from '../output.js';
import {statusText} from '../text/status.js';

/** A node that takes longer to connect to is shown as unreachable. */
const CONNECT_LIMIT_SECONDS = 5;
/** A connected node that takes longer to reply is shown as unreachable, too. Generous, because a busy node is slow. */
const LIMIT_MS = 20_000;
const INTERVAL_MS = 2_000;

/** `hw5 status` */
export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .option('--watch', 'refresh every two seconds, until Ctrl-C')
    .addHelpText('after', '\nExamples:\n  hw5 status\n  hw5 --lab status --watch\n  hw5 status --json | jq .tasks')
    .action(async (_options, command: Command) => {
      const options = optionsOf<{watch?: boolean}>(command);
      const cluster = await findCluster(options, context);
      const limits = new PromptAwareLimits();
      await using hosts = new Connections(options, context, limits);
      const collect = () => collectStatus(cluster, COMPONENTS, hosts.get, LIMIT_MS, limits);
      const show = async (): Promise<void> => {
        const status = await collect();
        // Ctrl-C at a prompt: the status of that node is unknown
        context.signal.throwIfAborted();
        const text = options.json ? formatJson(statusSchema, status, options.watch ? 0 : 2) : statusText(status);
        context.stdout.write(options.watch && !options.json && context.stdout.isTTY ? `\u001b[H\u001b[2J${text}` : text);
        context.setExitCode(status.healthy ? 0 : 3);
      };
      await untilInterrupted(context, async () => {
        await show();
        while (options.watch) {
          await pause(INTERVAL_MS, context.signal);
          await show();
        }
      });
    });
}

/** Keeps one connection per node between refreshes, and reconnects when it was lost. */
class Connections implements AsyncDisposable {
  readonly #connect: (node: ClusterNode) => Promise<Host>;
  readonly #open = new Map<string, Promise<Host>>();

  constructor(options: GlobalOptions, context: CliContext, limits: PromptAwareLimits) {
    if (options.json && options.verbose) throw new UsageError('--json and --verbose exclude each other', {hint: 'leave one out'});
    this.#connect = connector(options, context, ({type}) => {
      if (type === 'asking') limits.promptOpened();
      if (type === 'answered') limits.promptAnswered();
    });
  }

  readonly get: HostOf = async (node) => {
    const known = this.#open.get(node.name);
    if (known) {
      try {
        const host = await known;
        await host.exec(['true'], {timeoutMs: 3_000});
        return host;
      } catch {
        this.#open.delete(node.name);
        void known.then((host) => host[Symbol.asyncDispose]()).catch(() => undefined);
      }
    }
    const {ssh} = node;
    const connectTimeoutSeconds = Math.min(ssh.connectTimeoutSeconds, CONNECT_LIMIT_SECONDS);
    const fresh = this.#connect({...node, ssh: {...ssh, connectTimeoutSeconds}});
    this.#open.set(node.name, fresh);
    return fresh;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(async (host) => (await host)[Symbol.asyncDispose]()));
  }
}
