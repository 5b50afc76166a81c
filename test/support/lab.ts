import {homedir} from 'node:os';
import {resolve} from 'node:path';
import {execa, type ResultPromise} from 'execa';
import {labExec} from '../../src/lab/exec.js';
import {labHost} from '../../src/lab/host.js';
import {defineLab, labFrom} from '../../src/lab/lab.js';
import {packageFile} from '../../src/support/template.js';
import {checkJsonOutput} from './json-output.js';
import {labOfProcess} from './test-labs.js';

export {ensureCluster} from './cluster.js';

/** The lab of this process. sudo requires a password on node2, so that every test covers that case, too. */
export const LAB = await labOfProcess(process.env);
const host = labHost(process.env, homedir());
/** The addresses of node0, node1 and node2. */
export const ADDRESSES = labFrom(defineLab(LAB), host).machines.map((machine) => machine.address) as unknown as readonly [
  string,
  string,
  string,
];

export type Running = ResultPromise<{reject: false; all: true}>;
export type Ended = Awaited<Running>;

/** Runs the built bin/hw5.js as a user would. Never rejects: check exitCode. Until it has exited, `pid` names the process. */
export function hw5(
  args: readonly string[],
  options: {readonly input?: string; readonly env?: Record<string, string>} = {},
): Running {
  return execa(process.execPath, [packageFile('bin/hw5.js'), ...args], {
    reject: false,
    all: true,
    cwd: homedir(),
    env: {NO_COLOR: '1', ...options.env},
    ...(options.input === undefined ? {stdin: 'ignore'} : {input: options.input}),
  }) as Running;
}

/** Runs hw5 on the lab's cluster. @throws Error with its output when its exit code is not `expected` (default 0). */
export async function onLab(args: readonly string[], expected = 0): Promise<Ended> {
  return checked(await hw5(['--lab-name', LAB.name, ...args]), args, expected);
}

/** Makes the lab if it does not exist, and repairs it. */
export async function ensureLab(): Promise<void> {
  const args = ['lab', 'up', '--name', LAB.name, '--subnet', LAB.subnet, '--sudo-password', 'node2', ...upstreamArguments()];
  checked(await hw5(args), args, 0);
}

/** HW5_UPSTREAM_CALICO and HW5_UPSTREAM_MESOS make the tests' labs with upstream systems in place of the emulators. */
function upstreamArguments(): string[] {
  return (['calico', 'mesos'] as const).flatMap((system) => {
    const path = process.env[`HW5_UPSTREAM_${system.toUpperCase()}`];
    return path ? [`--${system}`, resolve(path)] : [];
  });
}

/** Runs a shell script as root in a machine, not over SSH. @returns its standard output without the last newline. @throws Error when it fails */
export async function inMachine(machine: string, script: string): Promise<string> {
  const {code, stdout, stderr} = await labExec({lab: LAB.name, machine}, ['sh', '-c', script], host);
  if (code !== 0) throw new Error(`${machine}: ${script}\n${stdout}${stderr}`);
  return stdout.replace(/\n$/, '');
}

export function checked(result: Ended, args: readonly string[], expected: number): Ended {
  if (result.exitCode !== expected)
    throw new Error(`hw5 ${args.join(' ')} exited with ${result.exitCode}, not ${expected}:\n${result.all}`);
  checkJsonOutput(args, result.stdout as string);
  return result;
}
