import {CommandFailure} from './io.js';

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
}

/** Parses flags as docopt does for calicoctl: `--ip X`, `--ip=X`, `-o X`, `-oX`. `command` is for the error message. */
export function parseFlags(command: readonly string[], args: readonly string[], spec: FlagSpec): Flags {
  const invalid = () =>
    new CommandFailure(
      `Invalid option: 'calicoctl ${[...command, ...args].join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
    );
  const values: Record<string, string | undefined> = {...spec.values};
  const booleans = new Set<string>();
  const positionals: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, long, longValue] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    const [, letter, shortValue] = /^-([a-z])=?([\s\S]+)?$/i.exec(arg) ?? [];
    const name = long ?? spec.short?.[letter ?? ''];
    if (name === undefined) {
      if (arg.startsWith('-') && arg !== '-') throw invalid();
      positionals.push(arg);
    } else if (spec.booleans?.includes(name) && longValue === undefined && shortValue === undefined) {
      booleans.add(name);
    } else if (spec.values !== undefined && Object.hasOwn(spec.values, name)) {
      const value = longValue ?? shortValue ?? rest.shift();
      if (value === undefined) throw invalid();
      values[name] = value;
    } else {
      throw invalid();
    }
  }
  if (positionals.length > (spec.positionals ?? 0)) throw invalid();
  return {values, booleans, positionals};
}
