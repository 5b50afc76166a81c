import {randomBytes} from 'node:crypto';
import {programCall} from '../components/firewall/program.js';
import {quote, script} from '../host/command.js';
import type {Host} from '../host/host.js';
import {CommandError, Hw5Error} from '../support/errors.js';
import {template} from '../support/template.js';
import type {HostChange} from './host-change.js';

/** Exit codes of the program on the host. */
const BUSY = 75;
const LATE = 76;
const STALE = 77;
const STUCK = 78;

/** iptables-restore may wait for the lock of the legacy variant, and timers are started. */
const LIMIT_MS = 60_000;

/** The rules have changed since they were read, or another change waits to be confirmed: read them and plan again. */
export class TryAgainError extends Hw5Error {}

export interface InstallOptions {
  /** Seconds after which the host takes the change back unless it was confirmed. */
  readonly confirmSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** A change that is installed and waits to be confirmed; a strict one is not confirmed. */
export interface InstalledChange {
  readonly id: string;
  readonly needsConfirmation: boolean;
}

/** Installs a change, with a timer on the host that rolls it back. @param host as root. @throws CommandError, TryAgainError. */
export async function installChange(
  host: Host,
  change: HostChange,
  {confirmSeconds, signal}: InstallOptions,
): Promise<InstalledChange> {
  const id = randomBytes(4).toString('hex');
  const isStrict = change.strictSeconds !== undefined;
  const result = await script(host, changeScript(id, change, isStrict ? 0 : confirmSeconds), {signal, timeoutMs: LIMIT_MS});
  if (result.code === 0) return {id, needsConfirmation: !isStrict};
  const message = result.stderr.trim().split('\n').at(-1) ?? '';
  if (result.code === BUSY || result.code === STALE) {
    throw new TryAgainError(`${host.name}: ${message}`, {hint: 'another hw5 changes this firewall: try again in a minute'});
  }
  throw new CommandError(host.name, ['iptables-restore', '--noflush'], result, {
    hint:
      result.code === STUCK
        ? 'the host removes the installed part of this change by itself: `hw5 firewall list` shows when it is gone'
        : 'nothing was changed on this host; the kernel may lack a match that the rule needs',
  });
}

/** The script for `installChange`: it contains all it needs, and does nothing when it arrives cut off. */
export function changeScript(id: string, change: HostChange, seconds: number): string {
  const write = (name: string, content: string): string => `printf %s ${quote(content)} >"$RUN/pending/${name}"`;
  const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
  const files = [
    ...change.edits.flatMap(({tool, forward, back}) => [write(`${tool}.forward`, forward), write(`${tool}.back`, back)]),
    ...change.boot.map(({tool, content}) => write(`${tool}.rules`, content)),
    write('notes', lines(change.notes)),
    write('fresh', lines(change.newTables)),
    write('unit', template('firewall/hw5-firewall.service')),
  ];
  return ['receive() {', `${files.join(' &&\n')}`, '}', programCall('change', id, String(seconds), change.fingerprint)].join(
    '\n',
  );
}

/**
 * Confirms a change over a new connection. The existing one proves nothing: it would continue under any rule that lets answers pass.
 * @throws Hw5Error when the host cannot be reached that way, and rolls the change back
 */
export async function confirmChange(
  host: Host,
  applied: InstalledChange,
  {confirmSeconds, signal}: InstallOptions,
): Promise<void> {
  if (!applied.needsConfirmation) return;
  const fresh = await host.reconnect({timeoutMs: confirmSeconds * 1000}).catch((cause: unknown) => {
    throw new Hw5Error(
      `${host.name} does not let hw5 in over a new connection; it rolls the change back within ${confirmSeconds} s`,
      {
        hint: `the change would lock you out: see \`hw5 firewall list\`, and iptables-save on ${host.name}`,
        cause,
      },
    );
  });
  try {
    signal?.throwIfAborted();
    // without the signal: confirming is short, and Ctrl-C must not leave it half done
    const result = await script(fresh.asRoot(), programCall('confirm', applied.id), {timeoutMs: LIMIT_MS}).catch(
      (cause: unknown) => {
        throw new Hw5Error(
          `hw5 lost ${host.name} while it confirmed the change, which is kept or rolled back within ${confirmSeconds} s`,
          {
            hint: '`hw5 firewall list` shows which, after that time',
            cause,
          },
        );
      },
    );
    if (result.code === LATE) {
      throw new Hw5Error(`${host.name} was confirmed too late and has rolled the change back`, {
        hint: 'give it more time with --confirm-within, as 60s',
      });
    }
    if (result.code !== 0)
      throw new CommandError(host.name, ['hw5-firewall.sh', 'confirm'], result, {hint: 'the host rolls the change back'});
  } finally {
    await fresh[Symbol.asyncDispose]();
  }
}
