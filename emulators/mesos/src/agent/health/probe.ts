import type {HealthCheck} from '../../common/wire.js';
import type {Container} from '../containers/container.js';
import {runCommand} from '../processes.js';

/**
 * A program for `node -e` with a URL as its argument. As upstream Mesos calls curl: it follows redirects, does not verify certificates, and
 * takes a status from 200 to 399 as healthy.
 */
const HTTP_PROBE = `
const fail = (error) => { console.error(String(error)); process.exit(1); };
(function get(url, left) {
  const lib = require(url.startsWith('https') ? 'https' : 'http');
  lib.get(url, {rejectUnauthorized: false}, (response) => {
    const to = response.headers.location;
    response.resume();
    if (to && response.statusCode >= 300 && response.statusCode < 400 && left > 0) return get(new URL(to, url).href, left - 1);
    if (response.statusCode >= 200 && response.statusCode < 400) process.exit(0);
    fail('status ' + response.statusCode);
  }).on('error', fail);
})(process.argv[1], 10);
`;

/** A script for `bash -c` with a port as its argument; bash starts much faster than node. Upstream Mesos uses its mesos-tcp-connect. */
const TCP_PROBE = 'exec 3<>"/dev/tcp/127.0.0.1/$0"';

export interface ProbeResult {
  readonly isHealthy: boolean;
  readonly detail: string;
}

/** Checks a task once. A check that exceeds its timeout has failed. */
export async function probe(check: HealthCheck, container: Container): Promise<ProbeResult> {
  const argv = await probeArgv(check, container);
  const result = await runCommand(argv, {timeoutMs: (check.timeout_seconds ?? 20) * 1000 || 20_000});
  return {isHealthy: result.code === 0, detail: result.stderr.trim()};
}

async function probeArgv(check: HealthCheck, container: Container): Promise<readonly string[]> {
  if (check.http) {
    const url = `${check.http.scheme ?? 'http'}://127.0.0.1:${check.http.port}${check.http.path ?? '/'}`;
    return container.networkArgv([process.execPath, '-e', HTTP_PROBE, url]);
  }
  if (check.tcp) return container.networkArgv(['bash', '-c', TCP_PROBE, String(check.tcp.port)]);
  const {command} = check;
  if (command?.shell === false) return container.execArgv([command.value ?? '', ...(command.arguments ?? []).slice(1)]);
  return container.execArgv(['/bin/sh', '-c', command?.value ?? 'true']);
}
