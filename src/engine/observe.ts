import {quote, script} from '../host/command.js';
import type {ExecResult, Host} from '../host/host.js';
import {CommandError, ConnectError, Hw5Error, TimeoutError} from '../support/errors.js';
import type {Fact, FactMap, FactOutput, Observed} from './fact.js';

/** A fact that has no answer by then was not observed. Busy machines are slow; what hangs, hangs longer. */
const FACT_SECONDS = 30;
/** A host that has not told what it saw by so long after that is given up. */
const MARGIN_MS = 60_000;
/** The script was ended, by TERM or by KILL. One that somebody else killed said nothing either. */
const SILENT_CODES: readonly number[] = [124, 137];

/** What is on a host could not be observed, which is not the same as that it is not there. */
export class FactTimeoutError extends Hw5Error {}

/**
 * Joins the scripts of facts into one. Those that ask the same service run one after the other, as they hang together; the services, and
 * what asks none that it names, are asked side by side. So one that hangs holds up the others for `factSeconds` at most, however many hang,
 * and there are never more processes at a time than services. Each script has a shell of its own: one that the shell cannot read spoils only
 * itself. Each one's output comes back as a line `<index> <exit code> <base64>`.
 */
export function joinFacts(facts: readonly Pick<Fact<unknown>, 'script' | 'service'>[], factSeconds = FACT_SECONDS): string {
  const lanes = new Map<string, string[]>();
  for (const [index, {script: text, service = `nobody else: ${index}`}] of facts.entries()) {
    const ask = `(shift; eval ${quote(text)}) >"$1/${index}" 2>/dev/null; echo $? >"$1/${index}.code"`;
    lanes.set(service, [...(lanes.get(service) ?? []), ask]);
  }
  // a script that ignores TERM is still its lane's child when `timeout` sends KILL, and no other one begins meanwhile
  const run = (lane: readonly string[]): string =>
    `timeout -k 1 ${factSeconds} sh -c ${quote(['trap "exit 124" TERM', ...lane].join('\n'))} sh "$d" </dev/null >/dev/null 2>&1 &`;
  return [
    'umask 077',
    `trap '[ -z "$d" ] || rm -rf "$d" || rm -rf "$d"' EXIT`,
    // dash's own end by a signal asks no EXIT trap; PIPE comes when the connection ends while it tells what it saw
    `trap 'exit 1' HUP INT PIPE TERM`,
    // in memory where root has such a place: secrets are among what is observed
    `d=$(mktemp -d "\${TMPDIR:-/run}/hw5.XXXXXXXXXX" 2>/dev/null || mktemp -d) || exit 1`,
    'export LC_ALL=C',
    ...[...lanes.values()].map(run),
    'wait',
    `i=0; while [ "$i" -lt ${facts.length} ]; do`,
    // no code: its lane was ended first
    'code=124; [ ! -e "$d/$i.code" ] || read -r code <"$d/$i.code"',
    `printf '%s %s ' "$i" "$code"; [ ! -s "$d/$i" ] || base64 -w0 "$d/$i"; echo; i=$((i+1)); done`,
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
 * @param factSeconds a fact that takes longer was not observed: it has its `whenTimedOut`, or throws a FactTimeoutError when it is read
 * @throws ConnectError when the host does not answer at all, CommandError when it could not run the script.
 */
export async function observe<F extends FactMap>(
  host: Host,
  facts: F,
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<Observed<F>> {
  const [observed] = await observeAll(host, [facts], signal, factSeconds);
  return observed as Observed<F>;
}

/** Sees several maps of facts in the same round trip, each given back by itself. Facts that ask the same are asked once. */
export async function observeAll(
  host: Host,
  maps: readonly FactMap[],
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<readonly Observed<FactMap>[]> {
  const facts = [...new Map(maps.flatMap((map) => Object.values(map).map((fact) => [fact.script, fact] as const))).values()];
  if (facts.length === 0) return maps.map(() => ({}));
  const scripts = facts.map((fact) => fact.script);
  const result = await lookOnce(host, joinFacts(facts, factSeconds), factSeconds * 1000 + MARGIN_MS, signal);
  const outputs = splitOutputs(result.stdout);
  if (outputs.filter(Boolean).length !== scripts.length) {
    throw new CommandError(host.name, ['sh', '-s'], result, {
      hint: 'the shell could not look at the host: is /tmp writable and sudo allowed?',
    });
  }
  return maps.map((map) => {
    const properties = Object.entries(map).map(([name, fact]) => {
      const output = outputs[scripts.indexOf(fact.script)]!;
      return [name, {enumerable: true, ...reading(name, fact, output, host.name, factSeconds)}] as const;
    });
    return Object.defineProperties({}, Object.fromEntries(properties));
  });
}

/** @throws ConnectError for a host that does not come to an end: it is as good as not there, for all that is asked of it. */
async function lookOnce(host: Host, text: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<ExecResult> {
  try {
    return await script(host, text, {signal, timeoutMs});
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new ConnectError(host.name, `${host.name} is reachable, but a look at it did not end within ${timeoutMs / 1000} s`, {
      hint: `it is very busy, or hangs: see \`uptime\` and \`dmesg\` on ${host.name}; when it is better, run the same command again`,
      cause: error,
    });
  }
}

/** The value, or what throws when one asks for it: a fact that nobody needs does not stand in anybody's way. */
function reading(name: string, fact: Fact<unknown>, output: FactOutput, host: string, factSeconds: number): PropertyDescriptor {
  if (!SILENT_CODES.includes(output.code)) return {value: fact.parse(output)};
  if ('whenTimedOut' in fact) return {value: fact.whenTimedOut};
  const get = (): never => {
    const [command = ''] = fact.script.split('\n');
    throw new FactTimeoutError(`${host} gave no answer within ${factSeconds} s: ${name} (${command})`, {
      hint: fact.timeoutHint ?? `run that on ${host} as root: once it answers, start hw5 again`,
    });
  };
  return {get};
}

/** Whether one of the facts could not be observed. */
export function hasTimedOut(observed: Observed<FactMap>): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(observed)).some((property) => property.get !== undefined);
}
