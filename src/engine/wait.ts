import {setTimeout as pause} from 'node:timers/promises';
import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {TimeoutError} from '../support/errors.js';
import type {FactOutput} from './fact.js';
import type {Wait} from './step.js';

/** An attempt that takes longer is killed, and the next one starts. */
const ATTEMPT_SECONDS = 15;
/** Between two attempts. */
const PAUSE_MS = 300;

/**
 * The wait as one script that loops on the host, so that it takes one round trip. It exits with 0 when an attempt does, and at the limit
 * with 1 and the output of the last attempt.
 */
export function waitScript(wait: Wait): string {
  return `export LC_ALL=C
end=$(( $(date +%s) + ${wait.limitSeconds} ))
until answer=$(${attempt(wait)}); do
  [ "$(date +%s)" -lt "$end" ] || { printf '%s\\n' "$answer"; exit 1; }
  sleep ${PAUSE_MS / 1000}
done`;
}

/** Waits until nothing is missing. @throws TimeoutError with what was waited for and what was missing */
export async function waitFor(host: Host, wait: Wait, signal?: AbortSignal): Promise<void> {
  const missing = wait.missing ? await poll(host, wait, wait.missing, signal) : await loopOnHost(host, wait, signal);
  if (missing === undefined) return;
  const lastLines = missing.trim().split('\n').slice(-3).join('; ');
  const detail = lastLines === '' ? '' : `: ${lastLines}`;
  throw new TimeoutError(`waited ${wait.limitSeconds} s for ${wait.reason}${detail}`, {hint: wait.hint});
}

/** Whether a wait for it would end immediately, by the output of its script. */
export function isReady(wait: Wait, output: FactOutput): boolean {
  return wait.missing ? wait.missing(output) === undefined : output.code === 0;
}

/** @returns what was missing at the limit */
async function loopOnHost(host: Host, wait: Wait, signal: AbortSignal | undefined): Promise<string | undefined> {
  const result = await script(host, waitScript(wait), {signal, timeoutMs: (wait.limitSeconds + 30) * 1000});
  return result.code === 0 ? undefined : result.stdout;
}

/** For a wait whose output is parsed on the controller. @returns what was missing at the limit */
async function poll(
  host: Host,
  wait: Wait,
  missing: (output: FactOutput) => string | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const end = performance.now() + wait.limitSeconds * 1000;
  for (;;) {
    const text = `export LC_ALL=C\n${attempt(wait)}`;
    const {code = 1, stdout} = await script(host, text, {signal, timeoutMs: (ATTEMPT_SECONDS + 30) * 1000});
    const last = missing({code, stdout});
    if (last === undefined || performance.now() >= end) return last;
    await pause(PAUSE_MS, undefined, {signal}).catch(() => signal?.throwIfAborted());
  }
}

function attempt(wait: Wait): string {
  const seconds = Math.max(1, Math.min(ATTEMPT_SECONDS, Math.floor(wait.limitSeconds / 2)));
  return `timeout -k 1 ${seconds} sh -c ${quote(wait.script)} 2>&1 </dev/null`;
}
