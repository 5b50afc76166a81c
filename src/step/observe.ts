import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {CommandError} from '../support/errors.js';
import type {FactMap, FactOutput, Seen} from './fact.js';

/** A fact that has no answer by then counts as failed. */
const FACT_SECONDS = 20;
/** A host that does not answer at all within this time is given up. */
const LIMIT_MS = 60_000;

/**
 * Joins the scripts of many facts into one. They run side by side, each in a shell of its own, so that one that waits for a dead service
 * holds up the others for `factSeconds` at most, and one that the shell cannot read spoils only itself; each one's output comes back as a
 * line `<index> <exit code> <base64>`.
 */
export function joinFacts(scripts: readonly string[], factSeconds = FACT_SECONDS): string {
  const jobs = scripts.map(
    (text, index) =>
      `timeout -k 1 ${factSeconds} sh -c ${quote(text)} >"$d/${index}" 2>/dev/null </dev/null; echo $? >"$d/${index}.code"`,
  );
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

/**
 * Sees all facts of a host in one round trip.
 * @param factSeconds a fact that takes longer counts as failed (exit code 124)
 * @throws ConnectError, CommandError when the host could not run the script at all.
 */
export async function observe<F extends FactMap>(
  host: Host,
  facts: F,
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<Seen<F>> {
  const names = Object.keys(facts);
  if (names.length === 0) return {} as Seen<F>;
  const scripts = names.map((name) => facts[name]!.script);
  const result = await script(host, joinFacts(scripts, factSeconds), {signal, timeoutMs: LIMIT_MS});
  const outputs = splitOutputs(result.stdout);
  if (outputs.filter(Boolean).length !== names.length) {
    throw new CommandError(host.name, ['sh', '-s'], result, {
      hint: 'the shell could not look at the host: is /tmp writable and sudo allowed?',
    });
  }
  return Object.fromEntries(names.map((name, index) => [name, facts[name]!.parse(outputs[index]!)])) as Seen<F>;
}
