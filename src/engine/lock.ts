import {randomUUID} from 'node:crypto';
import {PassThrough} from 'node:stream';
import {quote} from '../host/command.js';
import type {ExecResult, Host} from '../host/host.js';
import {ConnectError, Hw5Error} from '../support/errors.js';
import {HeldHost} from './held-host.js';

const LOCK = '/run/hw5.lock';
const BUSY = 75;
/** The lease is renewed this often, and lost when this many renewals in a row did not arrive. */
const RENEW_MS = 10_000;
const LEASE_SECONDS = 30;

/** A host that is ours for this run. */
export interface Lock extends AsyncDisposable {
  /** The host, on which nothing begins any more once the lock is lost. */
  readonly host: Host;
}

/** Somebody else works on the host. */
export class BusyError extends Hw5Error {}

/**
 * Takes the host for this run, so that two do not change it at once. The lock is the kernel's (flock) and is held by a process on the host for
 * as long as our lease is renewed over the connection: a killed controller frees it at once, one whose network was cut after 30 s.
 * @param holder who we are, shown to whoever comes second
 * @param path the lock's file on the host
 * @throws BusyError when somebody else works on the host, ConnectError when the lock cannot be taken
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
  let said = '';
  let ended: Promise<void> = Promise.resolve();
  const taken = new Promise<void>((resolve, reject) => {
    ended = host
      .exec(['sh', '-c', lockScript(holder, token, quote(path))], {
        stdin: lease,
        signal,
        onStdout: (chunk) => {
          said += chunk.toString();
          if (said.startsWith('locked\n')) resolve();
        },
      })
      .then((result) => reject(refusal(host.name, result, said)), reject);
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

/** The file names the holder, and the run by its token. It goes with the lock; whoever opened it just before that holds a file without a name, and opens it again. */
function lockScript(holder: string, token: string, path: string): string {
  return `while :; do
  exec 9>>${path}
  flock -n 9 || {
    # the holder writes its name a moment after it has the lock
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

function refusal(host: string, result: ExecResult, said: string): BusyError | ConnectError {
  if (result.code !== BUSY) return new ConnectError(host, `cannot lock ${host}: ${result.stderr.trim()}`);
  return new BusyError(`somebody else works on ${host}: ${said.trim() || 'another hw5'}`, {
    hint: `wait until that run ends; if it died, its lock ends by itself within ${LEASE_SECONDS} s`,
  });
}
