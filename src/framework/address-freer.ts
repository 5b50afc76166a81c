import {execFile} from 'node:child_process';
import {z} from 'zod';

/** Runs a program; the result says how it ended. Never throws. */
export type Run = (
  argv: readonly [string, ...string[]],
  env?: Readonly<Record<string, string>>,
) => Promise<{code: number; stdout: string; stderr: string}>;

export interface FreeRequest {
  readonly network: string;
  readonly address: string;
  /** Mesos container ids of runs that are dead or given up: only their endpoints may be cut off. */
  readonly containers: readonly string[];
}

/** Free is an address that nothing holds any more; the message says what was done or stands in the way, and is empty if nothing. */
export interface FreeResult {
  readonly ok: boolean;
  readonly message: string;
}

const inspected = z.array(
  z.object({Containers: z.record(z.string(), z.object({Name: z.string(), IPv4Address: z.string()})).nullish()}),
);

/**
 * Frees an address of what a dead container left behind: the endpoint in Docker's network, then the address in Calico's IPAM
 * if no endpoint holds it. Looks first, and touches nothing that might live.
 * @param etcd the members' URLs, for calicoctl
 * @param isHeld asked before each program: a leader that was frozen in between must not release what a successor has given away
 */
export async function freeAddress(
  request: FreeRequest,
  etcd: readonly string[],
  runner: Run,
  isHeld: () => boolean = () => true,
): Promise<FreeResult> {
  const run: Run = async (argv, env) =>
    isHeld() ? runner(argv, env) : {code: 1, stdout: '', stderr: 'this instance leads no more'};
  const {network, address, containers} = request;
  const done: string[] = [];
  const stale = new Set(containers.map((id) => `mesos-${id}`));
  const holders = await endpointsAt(network, address, run);
  if (typeof holders === 'string') return {ok: false, message: holders};
  let isOccupied = false;
  for (const holder of holders) {
    if (!stale.has(holder)) {
      isOccupied = true;
      done.push(`${address} is held by the container ${holder}, which is none of its earlier ones`);
      continue;
    }
    // A container that failed to start, or whose node is gone, leaves its endpoint in the cluster store.
    const cut = await run(['docker', 'network', 'disconnect', '-f', network, holder]);
    if (cut.code === 0) done.push(`cut the left-behind ${holder} off ${network}`);
    else {
      isOccupied = true;
      done.push(`${holder} could not be cut off ${network}: ${lastLine(cut.stderr)}`);
    }
  }
  if (isOccupied) return {ok: false, message: done.join('; ')};
  const env = {ETCD_ENDPOINTS: etcd.join(',')};
  // Harmless when the address is free already.
  const released = await run(['calicoctl', 'ipam', 'release', `--ip=${address}`], env);
  // Some calicoctl call it an error that there was nothing to release.
  const ok = released.code === 0 || /is not assigned/i.test(released.stdout + released.stderr);
  if (!ok) done.push(`${address} could not be released in Calico's IPAM: ${lastLine(released.stderr)}`);
  return {ok, message: done.join('; ')};
}

/** {@link Run} with real processes in this environment; gives up after 10 s. */
export const processRunner =
  (environment: NodeJS.ProcessEnv): Run =>
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

async function endpointsAt(network: string, address: string, run: Run): Promise<readonly string[] | string> {
  const result = await run(['docker', 'network', 'inspect', network]);
  if (result.code !== 0) return `${network} could not be looked at: ${lastLine(result.stderr)}`;
  const parsed = inspected.safeParse(parseJson(result.stdout));
  if (!parsed.success) return `docker network inspect ${network} answered something else than expected`;
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
