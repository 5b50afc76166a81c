import {quote, script} from '../host/command.js';
import type {ExecResult, Host} from '../host/host.js';
import {CommandError, ConnectError, Hw5Error, TimeoutError} from '../support/errors.js';
import type {Fact, FactMap, FactOutput, Observed} from './fact.js';

/** A fact's script that takes longer is killed. A busy machine is slow, a service that hangs takes for ever. */
const FACT_SECONDS = 30;
/** The limit of the whole observation is this much more. */
const MARGIN_MS = 60_000;
/** Exit codes of a script that `timeout` has ended, with TERM or with KILL. */
const TIMEOUT_CODES: readonly number[] = [124, 137];

/** A fact's script timed out, so that its value is unknown: not the same as a value that is absent. */
export class FactTimeoutError extends Hw5Error {}

/**
 * Joins the scripts of facts into one. The facts of one service are a queue, in which one runs after the other, because they hang together;
 * the queues run concurrently. So a service that hangs delays the others by no more than `factSeconds`, and there are never more processes
 * than services. Each script has a shell of its own, so that a syntax error spoils only its own fact. Each fact's output is printed as a
 * line `<index> <exit code> <base64>`.
 */
export function joinFacts(facts: readonly Pick<Fact<unknown>, 'script' | 'service'>[], factSeconds = FACT_SECONDS): string {
  const queues = new Map<string, string[]>();
  for (const [index, {script: text, service = `fact ${index}`}] of facts.entries()) {
    const command = `(shift; eval ${quote(text)}) >"$1/${index}" 2>/dev/null; echo $? >"$1/${index}.code"`;
    queues.set(service, [...(queues.get(service) ?? []), command]);
  }
  // a script that ignores TERM is still a child of its queue's shell when `timeout` sends KILL, and no other one has started meanwhile
  const run = (queue: readonly string[]): string =>
    `timeout -k 1 ${factSeconds} sh -c ${quote(['trap "exit 124" TERM', ...queue].join('\n'))} sh "$d" </dev/null >/dev/null 2>&1 &`;
  return [
    'umask 077',
    `trap '[ -z "$d" ] || rm -rf "$d" || rm -rf "$d"' EXIT`,
    // dash does not run the EXIT trap when a signal ends it; PIPE is sent when the connection ends while the results are printed
    `trap 'exit 1' HUP INT PIPE TERM`,
    // in memory where root has such a directory: the results contain secrets
    `d=$(mktemp -d "\${TMPDIR:-/run}/hw5.XXXXXXXXXX" 2>/dev/null || mktemp -d) || exit 1`,
    'export LC_ALL=C',
    ...[...queues.values()].map(run),
    'wait',
    `i=0; while [ "$i" -lt ${facts.length} ]; do`,
    // no exit code: its queue timed out before
    'code=124; [ ! -e "$d/$i.code" ] || read -r code <"$d/$i.code"',
    `printf '%s %s ' "$i" "$code"; [ ! -s "$d/$i" ] || base64 -w0 "$d/$i"; echo; i=$((i+1)); done`,
  ].join('\n');
}

/** Parses the output of a joined script into the facts' outputs, in the order of the facts. */
export function splitOutputs(stdout: string): FactOutput[] {
  const outputs: FactOutput[] = [];
  for (const line of stdout.split('\n')) {
    const match = /^(\d+) (\d+) (\S*)$/.exec(line);
    if (match) outputs[Number(match[1])] = {code: Number(match[2]), stdout: Buffer.from(match[3]!, 'base64').toString('utf8')};
  }
  return outputs;
}

/**
 * Observes all facts of a host in one round trip.
 * @param factSeconds the value of a fact that takes longer is its `whenTimedOut`, or reading it throws a FactTimeoutError
 * @throws ConnectError when the host does not answer, CommandError when it could not run the script.
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

/** Observes several maps of facts in one round trip. Facts with the same script run once. */
export async function observeAll(
  host: Host,
  maps: readonly FactMap[],
  signal?: AbortSignal,
  factSeconds = FACT_SECONDS,
): Promise<readonly Observed<FactMap>[]> {
  const facts = [...new Map(maps.flatMap((map) => Object.values(map).map((fact) => [fact.script, fact] as const))).values()];
  if (facts.length === 0) return maps.map(() => ({}));
  const scripts = facts.map((fact) => fact.script);
  const result = await runOnce(host, joinFacts(facts, factSeconds), factSeconds * 1000 + MARGIN_MS, signal);
  const outputs = splitOutputs(result.stdout);
  if (outputs.filter(Boolean).length !== scripts.length) {
    throw new CommandError(host.name, ['sh', '-s'], result, {
      hint: 'the shell could not observe the host: is /tmp writable and sudo allowed?',
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

/** @throws ConnectError when the host times out: it is treated as unreachable. */
async function runOnce(host: Host, text: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<ExecResult> {
  try {
    return await script(host, text, {signal, timeoutMs});
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new ConnectError(host.name, `${host.name} is reachable, but observing it did not end within ${timeoutMs / 1000} s`, {
      hint: `it is very busy, or hangs: see \`uptime\` and \`dmesg\` on ${host.name}; then run the same command again`,
      cause: error,
    });
  }
}

/** The value, or a getter that throws: a fact that timed out and is not needed is no error. */
function reading(name: string, fact: Fact<unknown>, output: FactOutput, host: string, factSeconds: number): PropertyDescriptor {
  if (!TIMEOUT_CODES.includes(output.code)) return {value: fact.parse(output)};
  if ('whenTimedOut' in fact) return {value: fact.whenTimedOut};
  const get = (): never => {
    const command = fact.command ?? fact.script.split('\n')[0]!;
    throw new FactTimeoutError(`${host} gave no answer within ${factSeconds} s: ${name} (${command})`, {
      hint: fact.timeoutHint ?? `run that command on ${host} as root: once it answers, start hw5 again`,
    });
  };
  return {get};
}

/** Whether one of the facts timed out. */
export function hasTimedOut(observed: Observed<FactMap>): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(observed)).some((property) => property.get !== undefined);
}
