import {Command, Option} from 'commander';
import {parseDuration} from '../../../firewall/duration.js';
import type {FirewallChange} from '../../../firewall/firewall-change.js';
import {type Exercise, makeRule, readMatch, SCOPES, type Scope} from '../../../firewall/rule.js';
import {UsageError} from '../../../support/errors.js';
import type {CliContext} from '../../context.js';
import {optionsOf} from '../../options.js';
import {runChange} from './change.js';
import {type ChangeOptions, withChangeOptions, withExamples} from './options.js';

/** A strict rule may lock everyone out, but not for longer than this. */
const STRICT_LIMIT_SECONDS = 3600;

interface ExerciseOptions extends ChangeOptions {
  readonly for?: number;
  readonly persist?: boolean;
  readonly scope: Scope;
  readonly strict?: boolean;
}

interface Help {
  readonly description: string;
  readonly argument?: string;
  readonly examples: readonly string[];
}

const HELP: Readonly<Record<Exercise, Help>> = {
  'deny-ip': {
    description: 'reject all that comes from an address or a block of addresses',
    argument: '<ip|cidr>',
    examples: ['deny-ip 198.18.0.12 --node node1', 'deny-ip 10.2.0.0/16 --scope both --for 1h'],
  },
  'deny-mac': {
    description: 'reject all that comes from a hardware address',
    argument: '<mac>',
    examples: ['deny-mac 02:00:1e:4c:00:03 --for 10m'],
  },
  'http-only': {
    description: 'let in HTTP (tcp/80) and drop the rest',
    examples: ['http-only --node node2 --persist', 'http-only --node node2 --strict --for 1m'],
  },
  'deny-ping': {
    description: "reject an address's pings; pings to it still work",
    argument: '<ip>',
    examples: ['deny-ping 198.18.0.12 --node node0 node1'],
  },
};

/** `hw5 firewall deny-ip`, `deny-mac`, `http-only` and `deny-ping` */
export function exerciseCommand(exercise: Exercise, context: CliContext): Command {
  const {description, argument, examples} = HELP[exercise];
  const command = withChangeOptions(new Command(exercise).description(description))
    .option('--for <duration>', 'the rule ends by itself, as 10m or 1h30m', parseDuration)
    .option('--persist', 'the rule survives a reboot')
    .addOption(
      new Option('--scope <scope>', 'what the node itself receives, what its containers receive and send, or both')
        .choices(SCOPES)
        .default('host'),
    )
    .option('--strict', "without the failsafe, exactly the report's rules; needs --for");
  // optional for the parser: a missing one is reported by readMatch, which explains that it comes before --node
  if (argument !== undefined) command.argument(argument.replace(/^<(.*)>$/, '[$1]')).usage(`${argument} [options]`);
  withExamples(command, examples);
  return command.action(async (...args: unknown[]) => {
    const text = argument === undefined ? undefined : (args[0] as string | undefined);
    const options = optionsOf<ExerciseOptions>(args.at(-1) as Command);
    await runChange(readChange(exercise, text, options), options, context);
  });
}

/** Checks what the options make of the rule. @throws UsageError */
function readChange(exercise: Exercise, text: string | undefined, options: ExerciseOptions): FirewallChange {
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
  return {kind: 'add', rule, forSeconds: options.for, persist: options.persist};
}
