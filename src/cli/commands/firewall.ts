import {Command, Option} from 'commander';
import {chooseNodes} from '../../cluster/choose-nodes.js';
import type {Cluster, ClusterNode} from '../../cluster/cluster.js';
import {parseDuration} from '../../firewall/duration.js';
import {type Flaw, flawsOf} from '../../firewall/flaws.js';
import {listRules} from '../../firewall/list.js';
import {Nodes, rulesOn} from '../../firewall/nodes.js';
import {isNothing, planAdd, planRemove, planReset, type Wish} from '../../firewall/plan.js';
import type {Proof} from '../../firewall/proof.js';
import {EXERCISES, type Exercise, ID, makeRule, readMatch, SCOPES, type Scope, showMatch} from '../../firewall/rule.js';
import type {Interface} from '../../firewall/sighting.js';
import {claimsOn, isAboutItself, type NodeResult, verify, type Work, work} from '../../firewall/work.js';
import {Hw5Error, Hw5Errors, UsageError} from '../../support/errors.js';
import {findCluster} from '../cluster-file.js';
import {connector} from '../connect.js';
import type {CliContext} from '../context.js';
import {type GlobalOptions, optionsOf} from '../options.js';
import {changeLines, dryRunText, listText, proofsText} from '../text/firewall.js';
import {planJson, proofJson, resultJson} from '../text/firewall-json.js';

/** A change that nobody has confirmed after this time is taken back by the host. */
const CONFIRM_SECONDS = 15;
/** A strict rule may lock everybody out, but not for longer. */
const STRICT_LIMIT_SECONDS = 3600;
/** Whoever is locked out waits for this timer: one of days would be none. */
const CONFIRM_LIMIT_SECONDS = 600;

interface Common extends GlobalOptions {
  readonly node?: readonly string[];
  readonly dryRun?: boolean;
  readonly confirmWithin?: number;
  readonly probe?: boolean;
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

/** For each command's own --help. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'deny-ip': ['deny-ip 198.18.0.12 --node node1', 'deny-ip 10.2.0.0/16 --scope both --for 1h'],
  'deny-mac': ['deny-mac 02:00:1e:4c:00:03 --for 10m'],
  'http-only': ['http-only --node node2 --persist', 'http-only --node node2 --strict --for 1m'],
  'deny-ping': ['deny-ping 198.18.0.12 --node node0 node1'],
  list: ['list', 'list --node node1 --json'],
  verify: ['verify', 'verify 3f2a1c'],
  remove: ['remove 3f2a1c'],
  reset: ['reset', 'reset --node node2 --dry-run'],
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
  hw5 firewall verify 3f2a1c
  hw5 firewall remove 3f2a1c
  hw5 firewall reset`,
    );
  const add = (command: Command): void => {
    const examples = EXAMPLES[command.name()]!.map((line) => `  hw5 firewall ${line}`);
    command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
    firewall.addCommand(command.copyInheritedSettings(firewall).exitOverride());
  };
  for (const exercise of EXERCISES) add(addCommand(exercise, context));
  add(listCommand(context));
  add(verifyCommand(context));
  add(removeCommand(context));
  add(resetCommand(context));
  return firewall;
}

function common(command: Command): Command {
  return onNodes(command)
    .option('--dry-run', 'show what the kernel would be told, and change nothing')
    .option('--no-probe', 'do not prove it by pings and connections between the nodes')
    .addOption(
      new Option('--confirm-within <duration>', 'the node takes a change back unless it is confirmed in time')
        .argParser(parseConfirmTime)
        .default(CONFIRM_SECONDS, '15s'),
    );
}

function parseConfirmTime(text: string): number {
  const seconds = parseDuration(text);
  if (seconds <= CONFIRM_LIMIT_SECONDS) return seconds;
  throw new UsageError('--confirm-within may be 10m at most', {
    hint: 'it is for how long you are locked out if a rule does so; it has nothing to do with how long the rule lasts (--for)',
  });
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
  // optional to the parser, which knows nothing of the order that --node asks for; readMatch does
  if (argument !== undefined) command.argument(argument.replace(/^<(.*)>$/, '[$1]')).usage(`${argument} [options]`);
  return command.action(async (...args: unknown[]) => {
    const text = argument === undefined ? undefined : (args[0] as string | undefined);
    const options = optionsOf<AddOptions>(args.at(-1) as Command);
    const wish = readWish(exercise, text, options);
    const {rule} = wish;
    await change(options, context, {
      plan: (seen, place) => planAdd(seen, wish, place),
      rules: () => [rule],
      isRemoval: false,
      leaveOut: (node, interfaces) =>
        options.node === undefined && isAboutItself(rule, node, interfaces)
          ? `it has ${showMatch(rule.match)} itself`
          : undefined,
      wish,
    });
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
    await change(optionsOf<Common>(command), context, {
      plan: (seen, place) => planRemove(seen, [readId(id)], place),
      rules: (seen) => rulesOn(seen).filter((rule) => rule.id === id),
      isRemoval: true,
      id: readId(id),
    });
  });
}

function resetCommand(context: CliContext): Command {
  return common(new Command('reset').description('take all rules away')).action(async (_options, command: Command) => {
    await change(optionsOf<Common>(command), context, {plan: planReset, rules: rulesOn, isRemoval: true});
  });
}

function listCommand(context: CliContext): Command {
  return onNodes(new Command('list').description('show the rules in the order in which the kernel meets them')).action(
    async (_options, command: Command) => {
      const options = optionsOf<Common>(command);
      const cluster = await findCluster(options, context);
      await using nodes = await open(cluster, chooseNodes(cluster.nodes, options.node), options, context);
      const rules = listRules(nodes.views);
      const unconfirmed = nodes.views.flatMap(({node, seen: {now, pending}}) =>
        pending ? [{node: node.name, takenBackInSeconds: Math.max(0, pending.until - now)}] : [],
      );
      const unreachable = nodes.failures.map(({node, error}) => ({node: node.name, error: error.message}));
      const flaws = nodes.views.flatMap((view) => flawsOf(view, cluster));
      context.stdout.write(
        options.json ? json({rules, unconfirmed, flaws, unreachable}) : listText(rules, unconfirmed, nodes.views.length),
      );
      throwAll([...nodes.failures.map(({error}) => error), ...flaws.map(asError)]);
    },
  );
}

function verifyCommand(context: CliContext): Command {
  return onNodes(
    new Command('verify')
      .description('prove the rules by real probes, in both directions')
      .argument('[id]', 'one rule (default: all)'),
  ).action(async (id: string | undefined, _options, command: Command) => {
    const options = optionsOf<Common>(command);
    const cluster = await findCluster(options, context);
    const targets = chooseNodes(cluster.nodes, options.node);
    await using nodes = await open(cluster, cluster.nodes, options, context);
    const failures = failuresOf(nodes, targets);
    if (id !== undefined) assertKnown(readId(id), nodes, targets);
    const proofs = await verify(nodes, targets, id, context.signal);
    context.signal.throwIfAborted();
    const flaws = nodes.views.filter(({node}) => targets.includes(node)).flatMap((view) => flawsOf(view, cluster));
    context.stdout.write(
      options.json
        ? json({proofs: proofs.map(proofJson), flaws})
        : proofsText(proofs, nodes.views.length) || 'no rules of hw5: nothing to prove\n',
    );
    throwAll([...failures, ...flaws.map(asError), ...contradictions(proofs)]);
  });
}

interface Changing {
  readonly plan: Work['plan'];
  readonly rules: Work['rules'];
  readonly isRemoval: boolean;
  /** Why a node is not to be changed, if it is not. */
  readonly leaveOut?: (node: ClusterNode, interfaces: readonly Interface[] | undefined) => string | undefined;
  readonly wish?: Wish;
  /** The rule that must be somewhere. */
  readonly id?: string;
}

/** All that changes something goes this way: look, show or do, prove, tell. */
async function change(
  options: Common,
  context: CliContext,
  {plan, rules, isRemoval, leaveOut, wish, id}: Changing,
): Promise<void> {
  const cluster = await findCluster(options, context);
  const chosen = chooseNodes(cluster.nodes, options.node);
  const isProven = options.probe !== false && !options.dryRun;
  await using nodes = await open(cluster, isProven ? cluster.nodes : chosen, options, context);
  const own = chosen.flatMap((node) => {
    const why = leaveOut?.(node, nodes.views.find((view) => view.node === node)?.seen.interfaces);
    return why === undefined ? [] : [{node, why}];
  });
  const targets = chosen.filter((node) => !own.some((one) => one.node === node));
  if (id !== undefined) assertKnown(id, nodes, targets);
  const leftOut = [
    ...own.map(({node, why}) => ({node: node.name, why})),
    ...nodes.failures.flatMap(({node}) =>
      targets.includes(node) || own.some((one) => one.node === node)
        ? []
        : [{node: node.name, why: 'it does not answer, so it probes nothing'}],
    ),
  ];
  const unreached = nodes.failures
    .filter(({node}) => targets.includes(node))
    .map(({node, error}): NodeResult => ({node: node.name, outcome: {kind: 'failed', error}}));
  const inOrder = (results: readonly NodeResult[]): NodeResult[] =>
    targets.flatMap(({name}) => [...results, ...unreached].filter(({node}) => node === name));
  const ruleId = wish?.rule.id ?? id;
  if (options.dryRun) {
    const plans = inOrder(planAll(nodes, targets, plan));
    context.stdout.write(options.json ? json({id: ruleId, nodes: plans.map(planJson), leftOut}) : dryRunText(plans, leftOut));
    throwAll(errorsOf(plans));
    return;
  }
  const confirmSeconds = options.confirmWithin ?? CONFIRM_SECONDS;
  const {results: done, proofs} = await work({
    nodes,
    targets,
    plan,
    rules,
    forSeconds: wish?.forSeconds,
    isRemoval,
    isProven,
    options: {confirmSeconds, signal: context.signal},
  });
  const results = inOrder(done);
  context.stdout.write(
    options.json
      ? json({id: ruleId, nodes: results.map(resultJson), leftOut, proofs: proofs.map(proofJson)})
      : `${changeLines(results, wish, leftOut).join('\n')}\n${proofsText(proofs, nodes.views.length)}`,
  );
  // what was done has been told; it was not proven
  context.signal.throwIfAborted();
  throwAll([...errorsOf(results), ...contradictions(proofs)]);
}

/** What would become of every node; one that cannot be told it hides no other. */
function planAll(nodes: Nodes, targets: readonly ClusterNode[], plan: Work['plan']): NodeResult[] {
  return nodes.views
    .filter(({node}) => targets.includes(node))
    .map((view): NodeResult => {
      const node = view.node.name;
      try {
        const change = plan(view.seen, {...view, cluster: nodes.cluster});
        return {node, outcome: {kind: isNothing(change) ? 'unchanged' : 'changed', change}};
      } catch (error) {
        return {node, outcome: {kind: 'failed', error: error as Error}};
      }
    });
}

function errorsOf(results: readonly NodeResult[]): readonly Error[] {
  return results.flatMap(({outcome}) => (outcome.kind === 'failed' ? [outcome.error] : []));
}

function onNodes(command: Command): Command {
  return command.option('--node <name...>', 'on which nodes (default: all); comes last, behind the address or id');
}

function open(cluster: Cluster, nodes: readonly ClusterNode[], options: Common, context: CliContext): Promise<Nodes> {
  return Nodes.open({cluster, connect: connector(options, context), signal: context.signal}, nodes);
}

/** Only for nodes that were to be changed or shown is it a failure not to answer; others are asked for probes, where they can. */
function failuresOf(nodes: Nodes, targets: readonly ClusterNode[]): readonly Error[] {
  return nodes.failures.filter(({node}) => targets.includes(node)).map(({error}) => error);
}

function readId(text: string): string {
  if (ID.test(text)) return text;
  throw new UsageError(`"${text}" is not the id of a rule`, {hint: 'ids are six hex digits: see `hw5 firewall list`'});
}

function assertKnown(id: string, nodes: Nodes, targets: readonly ClusterNode[]): void {
  const views = nodes.views.filter(({node}) => targets.includes(node));
  const isNoted = views.some(({seen}) => seen.notes.has(id));
  if (failuresOf(nodes, targets).length > 0 || isNoted || claimsOn(views, id).length > 0) return;
  const where =
    targets.length === nodes.cluster.nodes.length ? 'no node' : `none of ${targets.map((node) => node.name).join(', ')}`;
  throw new Hw5Error(`${where} has a rule ${id}`, {hint: '`hw5 firewall list` shows the rules and their ids'});
}

function asError({node, what, hint}: Flaw): Error {
  return new Hw5Error(`${node}: ${what}`, {hint});
}

function contradictions(proofs: readonly Proof[]): readonly Error[] {
  return proofs
    .filter((proof) => !proof.isOk)
    .map(({node, rule, rows, doubts}) => {
      const wrong = rows.filter((row) => !row.isOk).length;
      const what = wrong > 0 ? `${wrong} of ${rows.length} probes went otherwise than the rules say` : doubts.join('; ');
      return new Hw5Error(`rule ${rule.id} on ${node}: ${what}`, {
        hint: 'another firewall may be in the way, or a service down: the table shows which, `iptables-save -c` on the node what caught it',
      });
    });
}

/** Shows all that failed, at once. A bug among it is shown as one. */
function throwAll(errors: readonly Error[]): void {
  const bug = errors.find((error) => !(error instanceof Hw5Error));
  if (bug) throw bug;
  if (errors.length === 1) throw errors[0]!;
  if (errors.length > 1) throw new Hw5Errors(errors as Hw5Error[]);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
