import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {CommandError, Hw5Error} from '../support/errors.js';
import type {Fact, FactMap, FactOutput, Seen} from './fact.js';

/** A fact that has no answer by then was not seen. Busy machines are slow; what hangs, hangs longer. */
const FACT_SECONDS = 30;
/** A host that does not answer at all within this time is given up. */
const LIMIT_MS = 60_000;
/** `timeout` ended the script, by TERM or by KILL. A script that somebody else killed said nothing either. */
const SILENT_CODES: readonly number[] = [124, 137];

/** What is on a host could not be seen, which is not the same as that it is not there. */
export class SilentError extends Hw5Error {}

/**
 * Joins scripts into one. They run side by side, each in a shell of its own, so that one that waits for a dead service
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
 * @param factSeconds a fact that takes longer was not seen: it has its `whenSilent`, or throws a SilentError when it is read
 * @throws ConnectError, CommandError when the host could not run the script at all.
 */
export async function observe<F extends FactMap>(
  host: Host,
  facts: F,
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<Seen<F>> {
  const [seen] = await observeAll(host, [facts], signal, factSeconds);
  return seen as Seen<F>;
}

/** Sees several maps of facts in the same round trip, each given back by itself. Facts that ask the same are asked once. */
export async function observeAll(
  host: Host,
  maps: readonly FactMap[],
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<readonly Seen<FactMap>[]> {
  const scripts = [...new Set(maps.flatMap((facts) => Object.values(facts).map((fact) => fact.script)))];
  if (scripts.length === 0) return maps.map(() => ({}));
  const result = await script(host, joinFacts(scripts, factSeconds), {signal, timeoutMs: LIMIT_MS});
  const outputs = splitOutputs(result.stdout);
  if (outputs.filter(Boolean).length !== scripts.length) {
    throw new CommandError(host.name, ['sh', '-s'], result, {
      hint: 'the shell could not look at the host: is /tmp writable and sudo allowed?',
    });
  }
  return maps.map((facts) => {
    const properties = Object.entries(facts).map(([name, fact]) => {
      const output = outputs[scripts.indexOf(fact.script)]!;
      return [name, {enumerable: true, ...reading(name, fact, output, host.name, factSeconds)}] as const;
    });
    return Object.defineProperties({}, Object.fromEntries(properties));
  });
}

/** The value, or what throws when one asks for it: a fact that nobody needs does not stand in anybody's way. */
function reading(name: string, fact: Fact<unknown>, output: FactOutput, host: string, factSeconds: number): PropertyDescriptor {
  if (!SILENT_CODES.includes(output.code)) return {value: fact.parse(output)};
  if ('whenSilent' in fact) return {value: fact.whenSilent};
  const get = (): never => {
    const [command = ''] = fact.script.split('\n');
    throw new SilentError(`${host} gave no answer within ${factSeconds} s: ${name} (${command})`, {
      hint: fact.silentHint ?? `run that on ${host} as root: once it answers, start hw5 again`,
    });
  };
  return {get};
}

/** Whether one of the facts could not be seen. */
export function isSilent(seen: Seen<FactMap>): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(seen)).some((property) => property.get !== undefined);
}
