import * as z from 'zod';
import {JSON_SCHEMAS} from '../../src/cli/json/index.js';

/** Command → its schema, and whether it prints one object per line. */
const OUTPUTS: readonly (readonly [command: RegExp, schema: string, isLines?: boolean])[] = [
  [/^(up|down|scale|lab (up|down|save|restore))\b(?!d)/, 'events', true],
  [/^firewall list\b/, 'firewall-list'],
  [/^firewall verify\b/, 'firewall-verify'],
  [/^firewall\b/, 'firewall-change'],
  [/^lab saved\b/, 'lab-saved'],
  [/^lab status\b/, 'lab-status'],
  [/^logs\b/, 'logs', true],
  [/^notebook\b/, 'notebook'],
  [/^plan\b/, 'plan'],
  [/^status\b/, 'status'],
  [/^task (list|ls)\b/, 'task-list'],
  [/^task (restart|kill|release)\b/, 'task-action', true],
  [/^why\b/, 'why'],
];

/** Options of hw5 that have a value. */
const WITH_VALUE = ['-f', '--file', '--lab-name'];

/** Checks the output of hw5 against the schema that docs/schemas/ publishes for it, if its arguments contain --json. @throws Error */
export function checkJsonOutput(args: readonly string[], stdout: string): void {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (!own.includes('--json') || stdout.trim() === '') return;
  const command = own.filter((word, index) => !word.startsWith('-') && !WITH_VALUE.includes(own[index - 1] ?? '')).join(' ');
  const [, name, isLines = false] = OUTPUTS.find(([pattern]) => pattern.test(command)) ?? [/^/, validateSchema(command, stdout)];
  const documents = isLines ? stdout.trim().split('\n') : [stdout];
  for (const document of documents) {
    const result = JSON_SCHEMAS[name]!.schema.safeParse(JSON.parse(document));
    if (!result.success)
      throw new Error(
        `the output of hw5 ${args.join(' ')} does not match docs/schemas/${name}.json:\n${z.prettifyError(result.error)}\n${document}`,
      );
  }
}

function validateSchema(command: string, stdout: string): string {
  if (!command.startsWith('validate'))
    throw new Error(`which schema is for hw5 ${command} --json? Add it to test/support/json-output.ts`);
  return 'errors' in JSON.parse(stdout) ? 'validate-errors' : 'validate-cluster';
}
