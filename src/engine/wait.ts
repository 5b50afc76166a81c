import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {TimeoutError} from '../support/errors.js';
import type {Wait} from './step.js';

/** One look that hangs is given up after this time, and the next one begins. */
const ATTEMPT_SECONDS = 15;

/** The wait as one script that loops on the host: one round trip, however long it takes. It ends with 1 and the last answer at the limit. */
export function waitScript(wait: Wait): string {
  const attemptSeconds = Math.max(1, Math.min(ATTEMPT_SECONDS, Math.floor(wait.limitSeconds / 2)));
  return `export LC_ALL=C
end=$(( $(date +%s) + ${wait.limitSeconds} ))
until answer=$(timeout -k 1 ${attemptSeconds} sh -c ${quote(wait.script)} 2>&1 </dev/null); do
  [ "$(date +%s)" -lt "$end" ] || { printf '%s\\n' "$answer"; exit 1; }
  sleep 0.3
done`;
}

/** Waits until the script ends well. @throws TimeoutError that says what was waited for and what was missing. */
export async function waitFor(host: Host, wait: Wait, signal?: AbortSignal): Promise<void> {
  const result = await script(host, waitScript(wait), {signal, timeoutMs: (wait.limitSeconds + 30) * 1000});
  if (result.code === 0) return;
  const answer = result.stdout.trim().split('\n').slice(-3).join('; ');
  const missing = answer === '' ? '' : `: ${answer}`;
  throw new TimeoutError(`waited ${wait.limitSeconds} s for ${wait.reason}${missing}`, {hint: wait.hint});
}
