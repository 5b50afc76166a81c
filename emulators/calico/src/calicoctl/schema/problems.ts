interface Problem {
  readonly field: string;
  readonly value: unknown;
  readonly reason: string;
}

/** What is invalid in a resource, reported as calicoctl does. */
export class Problems {
  readonly #found: Problem[] = [];

  add(field: string, value: unknown, reason = ''): void {
    // Go keeps one problem per field.
    if (!this.#found.some((problem) => problem.field === field)) this.#found.push({field, value, reason});
  }

  /** Adds a problem if a value is given and does not match. */
  match(field: string, value: unknown, pattern: RegExp): void {
    if (value !== undefined && value !== '' && !pattern.test(String(value))) this.add(field, value);
  }

  /** @throws Error if there is a problem */
  throwIfAny(): void {
    const lines = this.#found.map(
      ({field, value, reason}) => `${field} = '${goText(value)}'${reason === '' ? '' : ` (${reason})`}`,
    );
    if (lines.length === 1) throw new Error(`error with field ${lines[0]}`);
    if (lines.length > 1) throw new Error(`error with the following fields:\n${lines.map((line) => `-  ${line}\n`).join('')}`);
  }
}

/** A value as Go's `%v` prints it. */
export function goText(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}

/** A float as Go's `%v` prints it: with an exponent from a million on. */
export function goFloat(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 6) return String(value);
  const [mantissa = '', power = ''] = value.toExponential().split('e');
  return `${mantissa}e${power.startsWith('-') ? '-' : '+'}${power.replace(/^[+-]/, '').padStart(2, '0')}`;
}
