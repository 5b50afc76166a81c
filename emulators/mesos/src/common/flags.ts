import {parseDuration} from './duration.js';
import {UsageError} from './errors.js';

/**
 * Command line flags in the format of Mesos (its library stout): `--name=value`, for booleans also `--name` and `--no-name`. MESOS_NAME in
 * the environment sets a default. An unknown flag is an error, and so is a flag that is given twice.
 */
export interface FlagSpec {
  readonly help: string;
  readonly kind: 'string' | 'boolean' | 'integer' | 'number' | 'duration';
  /** As a string, which is what /flags returns. */
  readonly default?: string;
  /** A flag of upstream Mesos that the emulator accepts without any effect. */
  readonly ignored?: true;
  /** A flag of upstream Mesos whose other values would need what the emulator does not have: only the default is accepted. */
  readonly fixed?: true;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** Parsed flags: every flag that is set or has a default, as strings. */
export class Flags {
  readonly values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.values = values;
  }

  string(name: string): string | undefined {
    return this.values.get(name);
  }

  required(name: string): string {
    const value = this.values.get(name);
    if (value === undefined) throw new UsageError(`Flag '${name}' is required, but it was not provided`);
    return value;
  }

  isOn(name: string): boolean {
    return this.values.get(name) === 'true';
  }

  number(name: string): number {
    return Number(this.required(name));
  }

  /** The seconds of a duration. */
  seconds(name: string): number {
    return parseDuration(this.required(name)) ?? 0;
  }

  /** The seconds of a duration that may not be set. */
  optionalSeconds(name: string): number | undefined {
    const value = this.values.get(name);
    return value === undefined ? undefined : parseDuration(value);
  }
}

/**
 * Parses flags from a command line (without the name of the program) and environment variables.
 * @throws {UsageError} with the messages of upstream Mesos
 */
export function parseFlags(
  specs: FlagSpecs,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Flags {
  const values = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs)) {
    if (spec.default !== undefined) values.set(name, spec.default);
    const fromEnvironment = environment[`MESOS_${name.toUpperCase()}`];
    if (fromEnvironment !== undefined) values.set(name, checked(name, spec, fromEnvironment));
  }
  const given = new Set<string>();
  for (const argument of argv) {
    const match = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argument);
    if (!match) throw new UsageError(`Unexpected argument '${argument}'`, {hint: 'Mesos takes flags only as --name=value'});
    const [name, value] = load(specs, match[1]!, match[2]);
    if (given.has(name)) throw new UsageError(`Flag '${name}' is already loaded via name '${name}'`);
    given.add(name);
    values.set(name, value);
  }
  return new Flags(values);
}

function load(specs: FlagSpecs, argument: string, value: string | undefined): readonly [string, string] {
  const isNegated = specs[argument] === undefined && argument.startsWith('no-');
  const name = isNegated ? argument.slice(3) : argument;
  const spec = specs[name];
  const via = isNegated ? ` via '${argument}'` : '';
  if (!spec) throw new UsageError(`Failed to load unknown flag '${name}'${via}`);
  if (spec.kind === 'boolean') {
    if (isNegated && value) throw new UsageError(`Failed to load boolean flag '${name}'${via} with value '${value}'`);
    return [name, checked(name, spec, isNegated ? 'false' : value || 'true')];
  }
  if (isNegated) throw new UsageError(`Failed to load non-boolean flag '${name}'${via}`);
  if (value === undefined) throw new UsageError(`Failed to load non-boolean flag '${name}': Missing value`);
  return [name, checked(name, spec, value)];
}

function checked(name: string, spec: FlagSpec, value: string): string {
  const isValid =
    spec.kind === 'string' ||
    (spec.kind === 'boolean' && /^(true|false|1|0)$/.test(value)) ||
    (spec.kind === 'integer' && /^-?\d+$/.test(value)) ||
    (spec.kind === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) ||
    (spec.kind === 'duration' && parseDuration(value) !== undefined);
  if (!isValid) throw new UsageError(`Failed to load flag '${name}': Failed to load value '${value}': not a ${spec.kind}`);
  const read = spec.kind === 'boolean' ? String(value === 'true' || value === '1') : value;
  if (spec.fixed && read !== spec.default)
    throw new UsageError(`--${name}=${value} is not supported by hw5's Mesos emulator, only '${spec.default}'`);
  return read;
}

/** Flags without an effect, from their default values, which show their kinds. */
export function otherFlags(type: 'ignored' | 'fixed', defaults: Readonly<Record<string, string>>): FlagSpecs {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      {kind: kindOf(value), default: value, help: 'As upstream.', [type]: true},
    ]),
  );
}

function kindOf(value: string): FlagSpec['kind'] {
  if (value === 'true' || value === 'false') return 'boolean';
  if (parseDuration(value) !== undefined) return 'duration';
  return /^\d+$/.test(value) ? 'integer' : /^\d+\.\d+$/.test(value) ? 'number' : 'string';
}

/** The output of --help. */
export function usage(program: string, specs: FlagSpecs): string {
  const lines = Object.entries(specs).map(([name, spec]) => {
    const left = spec.kind === 'boolean' ? `  --[no-]${name}` : `  --${name}=VALUE`;
    const notes = [
      spec.help,
      spec.default === undefined ? '' : `(default: ${spec.default})`,
      spec.ignored ? '(accepted, but ignored)' : '',
      spec.fixed ? '(only the default is supported)' : '',
    ];
    return `${left.padEnd(44)} ${notes.filter(Boolean).join(' ')}`;
  });
  return `Usage: ${program} [options]\n\n${lines.join('\n')}\n`;
}
