import {execFile} from 'node:child_process';
import * as z from 'zod';

/** Runs a program and returns how it exited. Never throws. */
export type RunProgram = (
  argv: readonly [string, ...string[]],
  env?: Readonly<Record<string, string>>,
) => Promise<{code: number; stdout: string; stderr: string}>;

export interface FreeRequest {
  readonly network: string;
  readonly address: string;
  /** Mesos container ids of dead or abandoned runs: only their endpoints may be disconnected. */
  readonly containers: readonly string[];
}

/** Whether the address is free, and what was done or failed, for people; the message is empty when there was nothing to do. */
export interface FreeResult {
  readonly ok: boolean;
  readonly message: string;
}

const inspected = z.array(
  z.object({Containers: z.record(z.string(), z.object({Name: z.string(), IPv4Address: z.string()})).nullish()}),
);

/**
 * Frees an address of the endpoint that a dead container left in Docker's network, then releases it in Calico's IPAM if no endpoint uses
 * it. Endpoints of containers that may be alive are left alone.
 * @param etcd the members' URLs, for calicoctl
 * @param isHeld whether this instance still leads, checked before each program: a leader that was suspended in between must not release
 *   an address that its successor has assigned again
 */
export async function freeAddress(
  request: FreeRequest,
  etcd: readonly string[],
  runner: RunProgram,
  isHeld: () => boolean = () => true,
): Promise<FreeResult> {
  const run: RunProgram = async (argv, env) =>
    isHeld() ? runner(argv, env) : {code: 1, stdout: '', stderr: 'this instance no longer leads'};
  const {network, address, containers} = request;
  const done: string[] = [];
  const stale = new Set(containers.map((id) => `mesos-${id}`));
  const holders = await endpointsAt(network, address, run);
  if (typeof holders === 'string') return {ok: false, message: holders};
  let isOccupied = false;
  for (const holder of holders) {
    if (!stale.has(holder)) {
      isOccupied = true;
      done.push(`${address} is used by the container ${holder}, which is none of its earlier ones`);
      continue;
    }
    // A container that failed to start, or whose node is lost, leaves its endpoint in the cluster store.
    const disconnected = await run(['docker', 'network', 'disconnect', '-f', network, holder]);
    if (disconnected.code === 0) done.push(`disconnected the stale endpoint ${holder} from ${network}`);
    else {
      isOccupied = true;
      done.push(`${holder} could not be disconnected from ${network}: ${lastLine(disconnected.stderr)}`);
    }
  }
  if (isOccupied) return {ok: false, message: done.join('; ')};
  const env = {ETCD_ENDPOINTS: etcd.join(',')};
  // Does no harm when the address is free already.
  const released = await run(['calicoctl', 'ipam', 'release', `--ip=${address}`], env);
  // Some versions of calicoctl report an error when there was nothing to release.
  const ok = released.code === 0 || /is not assigned/i.test(released.stdout + released.stderr);
  if (!ok) done.push(`${address} could not be released in Calico's IPAM: ${lastLine(released.stderr)}`);
  return {ok, message: done.join('; ')};
}

/** {@link RunProgram} with real processes in this environment; fails after 10 s. */
export const processRunner =
  (environment: NodeJS.ProcessEnv): RunProgram =>
  ([program, ...rest], env = {}) =>
    new Promise((resolve) => {
      execFile(
        program,
        rest,
        {timeout: 10_000, env: {...environment, ...env}, maxBuffer: 16 * 1024 * 1024},
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
          resolve({code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr});
        },
      );
    });

async function endpointsAt(network: string, address: string, run: RunProgram): Promise<readonly string[] | string> {
  const result = await run(['docker', 'network', 'inspect', network]);
  if (result.code !== 0) return `${network} could not be inspected: ${lastLine(result.stderr)}`;
  const parsed = inspected.safeParse(parseJson(result.stdout));
  if (!parsed.success) return `docker network inspect ${network} printed unexpected output`;
  const containers = parsed.data.flatMap((one) => Object.values(one.Containers ?? {}));
  return containers.filter((container) => container.IPv4Address.split('/')[0] === address).map((container) => container.Name);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
