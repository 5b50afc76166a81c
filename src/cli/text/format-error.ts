import {quoteAll} from '../../host/command.js';
import {CommandError, ConfigError, Hw5Error, Hw5Errors, StepError} from '../../support/errors.js';

/** How many of stderr's last lines are shown; the error object contains all. */
const STDERR_LINES = 5;

/** How many causes are shown; longer chains are circular or of no use. */
const MOST_CAUSES = 5;

/**
 * Formats an error for people, in several lines: what failed, where, the command and its stderr, the cause, and a hint how to fix it.
 * An error that is not an Hw5Error is a bug in hw5 and is printed with its stack.
 */
export function formatError(error: unknown): string {
  // an error that is the same for all hosts (such as an unusable key file) is printed once
  if (error instanceof Hw5Errors) return [...new Set(error.errors.map(formatError))].join('\n');
  const [what, ...rest] = title(error).split('\n');
  const {fields, hint, loose} = gather(error);
  const lines = [`✗ ${what}`, ...rest.map((line) => `  ${line}`)];
  for (const [name, text] of [...fields, ...(hint === undefined ? [] : [['hint', hint] as const])]) {
    const [first = '', ...more] = text.split('\n');
    lines.push(`  ${name.padEnd(8)} ${first}`.trimEnd(), ...more.map((line) => `           ${line}`.trimEnd()));
  }
  if (loose !== undefined) lines.push(...loose.split('\n').map((line) => `  ${line.trim()}`));
  return lines.join('\n');
}

type Field = readonly [name: string, text: string];

function title(error: unknown): string {
  if (error instanceof StepError) {
    const place = `${error.step} on ${error.host}: `;
    return error.message.startsWith(place) ? error.message : `${place}${error.message}`;
  }
  if (error instanceof ConfigError) {
    const {path} = error.location;
    return path && !error.message.startsWith(path) ? `${path}: ${error.message}` : error.message;
  }
  return error instanceof Hw5Error ? error.message : `a bug in hw5: ${messageOf(error)}`;
}

/** Details of the error and its causes. The outermost hint is used: it knows best what the user tried to do. */
function gather(error: unknown): {fields: Field[]; hint: string | undefined; loose: string | undefined} {
  const fields: Field[] = [];
  let hint: string | undefined;
  const visited = new Set<unknown>();
  for (let cause: unknown = error; cause !== undefined && cause !== null && visited.size < MOST_CAUSES; cause = causeOf(cause)) {
    if (visited.has(cause)) break;
    visited.add(cause);
    if (cause !== error) fields.push(...causeFields(cause, error));
    fields.push(...details(cause));
    hint ??= cause instanceof Hw5Error ? cause.hint : undefined;
  }
  if (error instanceof Hw5Error) return {fields, hint, loose: undefined};
  const stack = error instanceof Error ? error.stack?.slice(error.stack.indexOf('\n    at ') + 1) : undefined;
  return {fields, hint: 'please report it with these lines and the command you ran', loose: stack};
}

function details(error: unknown): Field[] {
  if (error instanceof ConfigError) {
    const {file, line, column} = error.location;
    return [['where', [file, line, column].filter((part) => part !== undefined).join(':')]];
  }
  const journal: Field[] = error instanceof Hw5Error && error.journal.length > 0 ? [['journal', error.journal.join('\n')]] : [];
  if (!(error instanceof CommandError)) return journal;
  const end = error.stderr.trimEnd().split('\n').slice(-STDERR_LINES).join('\n');
  return [
    ['command', `${quoteAll(error.argv)}   (${error.code === undefined ? 'terminated by a signal' : `exit ${error.code}`})`],
    ...(end === '' ? [] : [['stderr', end] as const]),
    ...journal,
  ];
}

/** A cause whose message is already part of the error's message is left out, as that of a failed command is. */
function causeFields(cause: unknown, top: unknown): Field[] {
  if (cause instanceof CommandError || messageOf(top).includes(messageOf(cause))) return [];
  if (cause instanceof Hw5Errors) return [['because', cause.errors.map(title).join('\n')]];
  return [['because', cause instanceof Hw5Error ? title(cause) : messageOf(cause)]];
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
