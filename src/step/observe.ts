import {script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {CommandError} from '../support/errors.js';
import type {FactMap, FactOutput, Seen} from './fact.js';

/** A host that cannot answer all facts within this time is given up. */
const LIMIT_MS = 60_000;

/**
 * Joins the scripts of many facts into one. They run side by side, so that one that waits for a dead service does not hold up the others;
 * each one's output comes back as a line `<index> <exit code> <base64>`.
 */
export function joinFacts(scripts: readonly string[]): string {
  const jobs = scripts.map((text, index) => `(\n${text}\n) >"$d/${index}" 2>/dev/null </dev/null; echo $? >"$d/${index}.code"`);
  return [
    'd=$(mktemp -d) || exit 1',
    `trap 'rm -rf "$d"' EXIT`,
    'export LC_ALL=C',
    ...jobs.map((job) => `{ ${job}; } &`),
    'wait',
    `i=0; while [ "$i" -lt ${scripts.length} ]; do`,
    `printf '%s %s ' "$i" "$(cat "$d/$i.code")"; base64 -w0 "$d/$i"; echo; i=$((i+1)); done`,
  ].join('\n');
}

/** Takes the output of a joined script apart again, in the order of the scripts. */
export function splitOutputs(stdout: string): FactOutput[] {
  const outputs: FactOutput[] = [];
  for (const line of stdout.split('\n')) {
    const match = /^(\d+) (\d+) (\S*)$/.exec(line);
    if (match) outputs[Number(match[1])] = {code: Number(match[2]), stdout: Buffer.from(match[3]!, 'base64').toString('utf8')};
  }
  return outputs;
}

/** Sees all facts of a host in one round trip. @throws ConnectError, CommandError when the host could not run the script at all. */
export async function observe<F extends FactMap>(host: Host, facts: F, signal?: AbortSignal): Promise<Seen<F>> {
  const names = Object.keys(facts);
  if (names.length === 0) return {} as Seen<F>;
  const result = await script(host, joinFacts(names.map((name) => facts[name]!.script)), {signal, timeoutMs: LIMIT_MS});
  const outputs = splitOutputs(result.stdout);
  if (outputs.filter(Boolean).length !== names.length) {
    throw new CommandError(host.name, ['sh', '-s'], result, {
      hint: 'the shell could not look at the host: is /tmp writable and sudo allowed?',
    });
  }
  return Object.fromEntries(names.map((name, index) => [name, facts[name]!.parse(outputs[index]!)])) as Seen<F>;
}
