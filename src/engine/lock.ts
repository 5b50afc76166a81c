import {randomUUID} from 'node:crypto';
import {PassThrough} from 'node:stream';
import {quote} from '../host/command.js';
import type {ExecResult, Host} from '../host/host.js';
import {ConnectError, Hw5Error} from '../support/errors.js';
import {HeldHost} from './held-host.js';

const LOCK = '/run/hw5.lock';
const BUSY = 75;
/** The lease is renewed this often, and ends when no renewal arrives for LEASE_SECONDS. */
const RENEW_MS = 10_000;
const LEASE_SECONDS = 30;

/** A host that only this run may change. */
export interface Lock extends AsyncDisposable {
  /** The host, on which no command starts any more once the lock is lost. */
  readonly host: Host;
}

/** Another run holds the host's lock. */
export class BusyError extends Hw5Error {}

/**
 * Locks the host, so that two runs do not change it concurrently. A process on the host holds the lock (flock) for as long as the lease is
 * renewed over the connection: when the controller is killed, the lock is released immediately; when the network fails, after 30 s.
 * @param holder describes this run to another that finds the host locked
 * @param path the lock's file on the host
 * @throws BusyError when another run holds the lock, ConnectError when the lock cannot be taken
 */
export async function lockHost(host: Host, holder: string, signal?: AbortSignal, path = LOCK): Promise<Lock> {
  const token = randomUUID();
  const lease = new PassThrough();
  const renewal = setInterval(() => lease.write('\n'), RENEW_MS);
  renewal.unref();
  const release = (): void => {
    clearInterval(renewal);
    lease.end();
  };
  let printed = '';
  let ended: Promise<void> = Promise.resolve();
  const taken = new Promise<void>((resolve, reject) => {
    ended = host
      .exec(['sh', '-c', lockScript(holder, token, quote(path))], {
        stdin: lease,
        signal,
        onStdout: (chunk) => {
          printed += chunk.toString();
          if (printed.startsWith('locked\n')) resolve();
        },
      })
      .then((result) => reject(lockError(host.name, result, printed)), reject);
  });
  try {
    await taken;
  } catch (error) {
    release();
    throw error;
  }
  return {
    host: new HeldHost(host, path, token),
    async [Symbol.asyncDispose]() {
      release();
      await ended;
    },
  };
}

/**
 * Holds the lock until the lease ends. The lock's file contains the holder and the run's token, and is removed with the lock: a process that
 * had opened it before has locked a deleted file, and opens it again.
 */
function lockScript(holder: string, token: string, path: string): string {
  return `while :; do
  exec 9>>${path}
  flock -n 9 || {
    # the holder writes its name just after it has taken the lock
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s ${path} ] && break; sleep 0.1; done
    head -n1 ${path}
    exit ${BUSY}
  }
  [ "$(stat -Lc %i /proc/self/fd/9)" = "$(stat -c %i ${path} 2>/dev/null)" ] && break
done
trap ${quote(`rm -f ${path}`)} EXIT
trap 'exit 1' HUP INT PIPE TERM
printf '%s\\n' ${quote(holder)} ${token} >${path}
echo locked
while timeout ${LEASE_SECONDS} head -c 1 | grep -q '^'; do :; done`;
}

function lockError(host: string, result: ExecResult, printed: string): BusyError | ConnectError {
  if (result.code !== BUSY) return new ConnectError(host, `cannot lock ${host}: ${result.stderr.trim()}`);
  return new BusyError(`${host} is locked by another run: ${printed.trim() || 'hw5'}`, {
    hint: `wait until that run ends; if it was killed, its lock is released within ${LEASE_SECONDS} s`,
  });
}
