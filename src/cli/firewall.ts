import {Command, Option} from 'commander';
import type {Cluster} from '../cluster/cluster.js';
import {commit, type Outcome} from '../firewall/commit.js';
import {parseDuration} from '../firewall/duration.js';
import {listRules} from '../firewall/list.js';
import {chooseNodes, Nodes, type NodeView, rulesOn} from '../firewall/nodes.js';
import {type Change, planAdd, planRemove, planReset, type Wish} from '../firewall/plan.js';
import {EXERCISES, type Exercise, ID, makeRule, readMatch, SCOPES, type Scope} from '../firewall/rule.js';
import {Hw5Error, Hw5Errors, UsageError} from '../support/errors.js';
import {findCluster} from './cluster-file.js';
import {connector} from './connect.js';
import type {CliContext} from './context.js';
import {changeLines, dryRunText, listText} from './firewall-text.js';
import {type GlobalOptions, optionsOf} from './options.js';

/** A change that nobody has confirmed after this time is taken back by the host. */
const CONFIRM_SECONDS = 15;
/** A strict rule may lock everybody out, but not for longer. */
const STRICT_LIMIT_SECONDS = 3600;

interface Common extends GlobalOptions {
  readonly node?: readonly string[];
  readonly dryRun?: boolean;
  readonly confirmWithin?: number;
}

interface AddOptions extends Common {
  readonly for?: number;
  readonly persist?: boolean;
  readonly scope: Scope;
  readonly strict?: boolean;
}

const DESCRIPTIONS: Readonly<Record<Exercise, string>> = {
  'deny-ip': 'reject all that comes from an address or a block of addresses',
  'deny-mac': 'reject all that comes from a hardware address',
  'http-only': 'let in HTTP (tcp/80) and drop the rest',
  'deny-ping': 'reject the pings of an address; ours to it still work',
};

const ARGUMENTS: Readonly<Record<Exercise, string | undefined>> = {
  'deny-ip': '<ip|cidr>',
  'deny-mac': '<mac>',
  'http-only': undefined,
  'deny-ping': '<ip>',
};

/** `hw5 firewall …` */
export function firewallCommand(context: CliContext): Command {
  const firewall = new Command('firewall')
    .description("the report's iptables exercises on the nodes: applied safely, proven, undone")
    .addHelpText(
      'after',
      `
Every change is taken back by the node itself unless hw5 can confirm it over a new connection. SSH from where you are and the cluster's own
traffic always get through, unless a rule is --strict.

Examples:
  hw5 firewall deny-ip 198.18.0.12 --node node1
  hw5 firewall deny-mac 02:00:1e:4c:00:03 --for 10m
  hw5 firewall http-only --node node2 --persist
  hw5 firewall http-only --node node2 --strict --for 1m     the report's, which cut off SSH
  hw5 firewall list
  hw5 firewall remove 3f2a1c
  hw5 firewall reset`,
    );
  const add = (command: Command): void => {
    firewall.addCommand(command.copyInheritedSettings(firewall).exitOverride());
  };
  for (const exercise of EXERCISES) add(addCommand(exercise, context));
  add(listCommand(context));
  add(removeCommand(context));
  add(resetCommand(context));
  return firewall;
}

function common(command: Command): Command {
  return command
    .option('--node <name...>', 'on which nodes (default: all)')
    .option('--dry-run', 'show what the kernel would be told, and change nothing')
    .addOption(
      new Option('--confirm-within <duration>', 'the node takes a change back unless it is confirmed in time')
        .argParser(parseDuration)
        .default(CONFIRM_SECONDS, '15s'),
    );
}

function addCommand(exercise: Exercise, context: CliContext): Command {
  const command = common(new Command(exercise).description(DESCRIPTIONS[exercise]))
    .option('--for <duration>', 'the rule ends by itself, as 10m or 1h30m', parseDuration)
    .option('--persist', 'the rule survives a reboot')
    .addOption(
      new Option('--scope <scope>', 'what the node itself receives, what passes to its containers, or both')
        .choices(SCOPES)
        .default('host'),
    )
    .option('--strict', "without the failsafe, exactly the report's rules; needs --for");
  const argument = ARGUMENTS[exercise];
  if (argument !== undefined) command.argument(argument);
  return command.action(async (...args: unknown[]) => {
    const text = argument === undefined ? undefined : (args[0] as string);
    const options = optionsOf<AddOptions>(args.at(-1) as Command);
    const wish = readWish(exercise, text, options);
    await onNodes(options, context, (seen, place) => planAdd(seen, wish, place), wish);
  });
}

/** Checks what the options make of the rule. @throws UsageError */
function readWish(exercise: Exercise, text: string | undefined, options: AddOptions): Wish {
  const strict = options.strict === true;
  const rule = makeRule({exercise, match: readMatch(exercise, text), scope: options.scope, strict});
  if (strict && options.for === undefined) {
    throw new UsageError('--strict needs --for: such a rule may lock you out, and has to end by itself', {hint: 'add --for 1m'});
  }
  if (strict && options.for! > STRICT_LIMIT_SECONDS) {
    throw new UsageError('a strict rule may last an hour at most', {hint: 'without --strict a rule may stay for ever'});
  }
  if (strict && options.persist) {
    throw new UsageError('--strict and --persist exclude each other', {
      hint: 'a reboot is the way out when a strict rule locks you out',
    });
  }
  return {rule, forSeconds: options.for, persist: options.persist};
}

function removeCommand(context: CliContext): Command {
  return common(
    new Command('remove').description('take one rule away').argument('<id>', 'as `hw5 firewall list` shows it'),
  ).action(async (id: string, _options, command: Command) => {
    if (!ID.test(id))
      throw new UsageError(`"${id}" is not the id of a rule`, {hint: 'ids are six hex digits: see `hw5 firewall list`'});
    const options = optionsOf<Common>(command);
    await onNodes(
      options,
      context,
      (seen, place) => planRemove(seen, [id], place),
      undefined,
      (views, failures) => {
        if (failures > 0 || views.some(({seen}) => rulesOn(seen).some((rule) => rule.id === id))) return;
        throw new Hw5Error(`no node has a rule ${id}`, {hint: '`hw5 firewall list` shows the rules and their ids'});
      },
    );
  });
}

function resetCommand(context: CliContext): Command {
  return common(new Command('reset').description('take all rules away')).action(async (_options, command: Command) => {
    await onNodes(optionsOf<Common>(command), context, planReset);
  });
}

function listCommand(context: CliContext): Command {
  return new Command('list')
    .description('show the rules in the order in which the kernel meets them')
    .option('--node <name...>', 'of which nodes (default: all)')
    .action(async (_options, command: Command) => {
      const options = optionsOf<Common>(command);
      const cluster = await findCluster(options, context);
      await using nodes = await open(cluster, options, context);
      const rules = listRules(nodes.views);
      const unreachable = nodes.failures.map(({node, error}) => ({node: node.name, error: error.message}));
      context.stdout.write(
        options.json ? `${JSON.stringify({rules, unreachable}, null, 2)}\n` : listText(rules, nodes.views.length),
      );
      throwFailures(nodes, []);
    });
}

function open(cluster: Cluster, options: Common, context: CliContext): Promise<Nodes> {
  return Nodes.open({cluster, connect: connector(options, context), signal: context.signal}, chooseNodes(cluster, options.node));
}

type Plan = Parameters<typeof commit>[2];

async function onNodes(
  options: Common,
  context: CliContext,
  plan: Plan,
  wish?: Wish,
  check?: (views: readonly NodeView[], failures: number) => void,
): Promise<void> {
  const cluster = await findCluster(options, context);
  await using nodes = await open(cluster, options, context);
  check?.(nodes.views, nodes.failures.length);
  if (options.dryRun) {
    const changes = nodes.views.map((view) => ({node: view.node.name, change: plan(view.seen, {...view, cluster})}));
    context.stdout.write(options.json ? `${JSON.stringify(changes, null, 2)}\n` : dryRunText(changes));
    throwFailures(nodes, []);
    return;
  }
  const results = await Promise.all(
    nodes.views.map(async (view) => ({
      node: view.node.name,
      outcome: await commit(view, cluster, plan, {
        confirmSeconds: options.confirmWithin ?? CONFIRM_SECONDS,
        signal: context.signal,
      }),
    })),
  );
  context.stdout.write(
    options.json ? `${JSON.stringify(resultsJson(results, wish), null, 2)}\n` : `${changeLines(results, wish).join('\n')}\n`,
  );
  throwFailures(nodes, results);
}

function resultsJson(results: readonly {node: string; outcome: Outcome}[], wish: Wish | undefined): unknown {
  return {
    id: wish?.rule.id,
    nodes: results.map(({node, outcome}) => ({
      node,
      result: outcome.kind,
      ...(outcome.kind === 'failed' ? {error: outcome.error.message} : {remarks: outcome.change.remarks}),
    })),
  };
}

/** All that failed, at once: the nodes that could not be reached and those whose change failed. */
function throwFailures(nodes: Nodes, results: readonly {node: string; outcome: Outcome}[]): void {
  const errors = [
    ...nodes.failures.map(({error}) => error),
    ...results.flatMap(({outcome}) => (outcome.kind === 'failed' ? [outcome.error] : [])),
  ];
  const bug = errors.find((error) => !(error instanceof Hw5Error));
  if (bug) throw bug;
  if (errors.length > 0) throw new Hw5Errors(errors as Hw5Error[]);
}

export type {Change};
