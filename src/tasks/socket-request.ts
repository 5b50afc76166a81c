import type {Host} from '../host/host.js';
import {SOCKET} from '../scheduler-api/endpoints.js';
import {Hw5Error} from '../support/errors.js';

/** An instance that does not lead waits up to 8 s for the leader's reply to a command. */
const ANSWER_SECONDS = 12;
/** The limit for the command on the node. */
const LIMIT_MS = 15_000;

/** One HTTP request to the scheduler's socket, made with curl on the node. @throws Hw5Error when the scheduler does not answer with JSON */
export async function request(
  host: Host,
  method: 'GET' | 'POST',
  path: string,
  signal?: AbortSignal,
): Promise<{status: number; body: unknown}> {
  const result = await host.exec(
    [
      'curl',
      '-sS',
      '-m',
      String(ANSWER_SECONDS),
      '-X',
      method,
      '-w',
      '\\n%{http_code}',
      '--unix-socket',
      SOCKET,
      `http://scheduler${path}`,
    ],
    {signal, timeoutMs: LIMIT_MS},
  );
  // 7: no process listens on the socket
  if (result.code === 7) throw new Hw5Error('its scheduler does not run');
  if (result.code === 28) throw new Hw5Error(`its scheduler did not answer within ${ANSWER_SECONDS} s`);
  const at = result.stdout.lastIndexOf('\n', result.stdout.trimEnd().length - 1);
  try {
    return {status: Number(result.stdout.slice(at + 1)), body: JSON.parse(result.stdout.slice(0, at)) as unknown};
  } catch (cause) {
    throw new Hw5Error(`its scheduler did not answer the request: ${result.stderr.trim() || 'the answer is not JSON'}`, {
      cause,
    });
  }
}
