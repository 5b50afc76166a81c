import {setTimeout as pause} from 'node:timers/promises';
import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {Hw5Error, TimeoutError} from '../support/errors.js';
import type {FactOutput} from './fact.js';
import {HOPELESS, type Wait} from './step.js';
import {failedUnit, lastLinesOf, lastRun, UNIT_FAILED, unitFailure} from './unit-failure.js';

/** An attempt that takes longer is killed, and the next one starts. */
const ATTEMPT_SECONDS = 15;
/** Between two attempts. */
const PAUSE_MS = 300;

/**
 * The wait as one script that loops on the host, so that it takes one round trip. It exits with 0 when an attempt does, with 1 at the limit
 * and with HOPELESS when an attempt does (and the output of the last attempt), and with UNIT_FAILED and the unit's name when one of the units has clearly failed.
 */
export function waitScript(wait: Wait, units: readonly string[] = []): string {
  const check = units.length === 0 ? [] : [`  if failed_unit; then exit ${UNIT_FAILED}; fi`];
  return `export LC_ALL=C
${units.length === 0 ? ':' : failedUnit(units)}
HW5_WAIT_BEGAN=$(date +%s)
export HW5_WAIT_BEGAN
end=$((HW5_WAIT_BEGAN + ${wait.limitSeconds}))
until answer=$(${attempt(wait)}); do
  [ $? -ne ${HOPELESS} ] || { printf '%s\\n' "$answer"; exit ${HOPELESS}; }
${check.join('\n')}
  [ "$(date +%s)" -lt "$end" ] || { printf '%s\\n' "$answer"; exit 1; }
  sleep ${PAUSE_MS / 1000}
done`;
}

/**
 * Waits until nothing is missing.
 * @param units the systemd units that are waited for
 * @throws TimeoutError with what was waited for and what was missing; UnitError as soon as a unit has clearly failed; Hw5Error when the script
 *   reports that waiting is of no use
 */
export async function waitFor(host: Host, wait: Wait, signal?: AbortSignal, units: readonly string[] = []): Promise<void> {
  const result = wait.missing ? await poll(host, wait, wait.missing, units, signal) : await loopOnHost(host, wait, units, signal);
  if (result === undefined) return;
  if (result.failed !== undefined)
    throw unitFailure(host.name, result.failed, await lastRun(host, result.failed, signal), wait.reason, wait.hint);
  const lastLines = result.missing.trim().split('\n').slice(-3).join('; ');
  const detail = lastLines === '' ? '' : `: ${lastLines}`;
  if (result.isHopeless) throw new Hw5Error(`${wait.reason}: waiting longer is of no use${detail}`, {hint: wait.hint});
  throw new TimeoutError(`waited ${wait.limitSeconds} s for ${wait.reason}${detail}`, {
    hint: wait.hint,
    journal: await lastLinesOf(host, units, signal),
  });
}

/** Why a wait ended without what it waited for: the limit, an attempt that found it hopeless, or a unit that has failed. */
type Vain = {readonly missing: string; readonly isHopeless: boolean; readonly failed?: undefined} | {readonly failed: string};

/** Whether a wait for it would end immediately, by the output of its script. */
export function isReady(wait: Wait, output: FactOutput): boolean {
  return wait.missing ? wait.missing(output) === undefined : output.code === 0;
}

/** @returns undefined when nothing is missing */
async function loopOnHost(
  host: Host,
  wait: Wait,
  units: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Vain | undefined> {
  const {code, stdout} = await script(host, waitScript(wait, units), {signal, timeoutMs: (wait.limitSeconds + 30) * 1000});
  if (code === 0) return undefined;
  return code === UNIT_FAILED ? {failed: stdout.trim()} : {missing: stdout, isHopeless: code === HOPELESS};
}

/** For a wait whose output is parsed on the controller. @returns undefined when nothing is missing */
async function poll(
  host: Host,
  wait: Wait,
  missing: (output: FactOutput) => string | undefined,
  units: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Vain | undefined> {
  const end = performance.now() + wait.limitSeconds * 1000;
  const options = {signal, timeoutMs: (ATTEMPT_SECONDS + 30) * 1000};
  // by the host's clock
  const began = (await script(host, 'date +%s', options)).stdout.trim();
  for (;;) {
    const text = `export LC_ALL=C HW5_WAIT_BEGAN=${began}\n${attempt(wait)}`;
    const {code = 1, stdout} = await script(host, text, options);
    const last = missing({code, stdout});
    if (code === HOPELESS) return {missing: last ?? stdout, isHopeless: true};
    if (last === undefined) return undefined;
    if (units.length > 0) {
      const failed = await script(host, `export LC_ALL=C\n${failedUnit(units)}\nfailed_unit`, options);
      if (failed.code === 0) return {failed: failed.stdout.trim()};
    }
    if (performance.now() >= end) return {missing: last, isHopeless: false};
    await pause(PAUSE_MS, undefined, {signal}).catch(() => signal?.throwIfAborted());
  }
}

function attempt(wait: Wait): string {
  const seconds = Math.max(1, Math.min(ATTEMPT_SECONDS, Math.floor(wait.limitSeconds / 2)));
  return `timeout -k 1 ${seconds} sh -c ${quote(wait.script)} 2>&1 </dev/null`;
}
