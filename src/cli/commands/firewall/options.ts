import {type Command, Option} from 'commander';
import {parseDuration} from '../../../firewall/duration.js';
import {ID} from '../../../firewall/rule.js';
import {UsageError} from '../../../support/errors.js';
import type {GlobalOptions} from '../../options.js';

/** A node rolls back a change that was not confirmed after this time. */
const CONFIRM_SECONDS = 15;
/** A user who is locked out waits for this timer, so it must not be days. */
const CONFIRM_LIMIT_SECONDS = 600;

/** Options of every firewall command. */
export interface NodeOptions extends GlobalOptions {
  readonly node?: readonly string[];
}

/** Options of every command that changes something. */
export interface ChangeOptions extends NodeOptions {
  readonly dryRun?: boolean;
  readonly confirmWithin: number;
  readonly probe: boolean;
}

export function withNodeOption(command: Command): Command {
  return command.option('--node <name...>', 'on which nodes (default: all); comes last, behind the address or id');
}

export function withChangeOptions(command: Command): Command {
  return withNodeOption(command)
    .option('--dry-run', 'show the input of iptables-restore, and change nothing')
    .option('--no-probe', 'do not prove it by pings and connections between the nodes')
    .addOption(
      new Option('--confirm-within <duration>', 'the node rolls back a change that is not confirmed in time')
        .argParser(parseConfirmTime)
        .default(CONFIRM_SECONDS, '15s'),
    );
}

/** Examples for a command's own --help. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  hw5 firewall ${line}`).join('\n')}`);
}

/** @throws UsageError */
export function readId(text: string): string {
  if (ID.test(text)) return text;
  throw new UsageError(`"${text}" is not the id of a rule`, {hint: 'ids are six hex digits: see `hw5 firewall list`'});
}

function parseConfirmTime(text: string): number {
  const seconds = parseDuration(text);
  if (seconds <= CONFIRM_LIMIT_SECONDS) return seconds;
  throw new UsageError('--confirm-within may be 10m at most', {
    hint: 'it is for how long you are locked out if a rule does so; it has nothing to do with how long the rule lasts (--for)',
  });
}
