import {CommandFailure} from './io.js';
import {USAGE} from './usage.js';

export interface FlagSpec {
  /** Flags with a value: name → default (undefined: none). */
  readonly values?: Readonly<Record<string, string | undefined>>;
  readonly booleans?: readonly string[];
  /** Short letter → long name. */
  readonly short?: Readonly<Record<string, string>>;
  /** The highest number of positional arguments. */
  readonly positionals?: number;
}

export interface Flags {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly booleans: ReadonlySet<string>;
  readonly positionals: readonly string[];
  /** The failure of a command whose flags do not belong together. */
  readonly invalid: () => CommandFailure;
}

/**
 * Parses flags as docopt does for calicoctl: `--ip X`, `--ip=X`, `-o X`, `-oX` (in `-o=X` the value is `=X`), and long ones abbreviated. `command` finds the usage.
 * @throws CommandFailure with the usage
 */
export function parseFlags(command: readonly string[], args: readonly string[], spec: FlagSpec): Flags {
  const invalid = (reason = '') => invalidOption([...command, ...args], USAGE[command.join(' ')] ?? '', reason);
  const values: Record<string, string | undefined> = {...spec.values};
  const booleans = new Set<string>();
  const positionals: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, long, longValue] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    const [, letter, shortValue] = /^-([a-z])([\s\S]+)?$/i.exec(arg) ?? [];
    const name = long === undefined ? spec.short?.[letter ?? ''] : unabbreviated(long, spec);
    if (name === undefined) {
      if (arg.startsWith('-') && arg !== '-') throw invalid();
      positionals.push(arg);
    } else if (spec.booleans?.includes(name)) {
      if (longValue !== undefined || shortValue !== undefined) throw invalid(`--${name} must not have an argument`);
      booleans.add(name);
    } else {
      const value = longValue ?? shortValue ?? rest.shift();
      if (value === undefined) throw invalid(`${long === undefined ? `-${letter}` : `--${name}`} requires argument`);
      values[name] = value;
    }
  }
  if (positionals.length > (spec.positionals ?? 0)) throw invalid();
  return {values, booleans, positionals, invalid};
}

/** Wrong usage: the usage on standard error, then a line on standard output. */
export function invalidOption(command: readonly string[], usage: string, reason = ''): CommandFailure {
  return new CommandFailure(
    `Invalid option: 'calicoctl ${command.join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
    {usage: `${reason}\n${usage}`.trim()},
  );
}

/** The flag that a long name means: itself, or the only one that starts with it. */
function unabbreviated(name: string, spec: FlagSpec): string | undefined {
  const all = [...Object.keys(spec.values ?? {}), ...(spec.booleans ?? [])];
  if (all.includes(name)) return name;
  const candidates = all.filter((one) => one.startsWith(name));
  return candidates.length === 1 ? candidates[0] : undefined;
}
