import {homedir} from 'node:os';
import {execa, type ResultPromise} from 'execa';
import {labHost} from '../../src/lab/host.js';
import {defineLab, labFrom} from '../../src/lab/lab.js';
import {packageFile} from '../../src/support/template.js';
import {checkJsonOutput} from './json-output.js';

/**
 * The tests' own lab: the default one belongs to its user. sudo asks for a password on node2, so that every test covers that case, too.
 * HW5_TEST_LAB and HW5_TEST_SUBNET choose another one, so that two checkouts can run their tests at the same time.
 */
export const LAB = {
  name: process.env['HW5_TEST_LAB'] ?? 'test',
  subnet: process.env['HW5_TEST_SUBNET'] ?? '198.18.0.128/27',
} as const;
/** The addresses of node0, node1 and node2. */
export const ADDRESSES = labFrom(defineLab(LAB), labHost(process.env, homedir())).machines.map(
  (machine) => machine.address,
) as unknown as readonly [string, string, string];

type Running = ResultPromise<{reject: false; all: true}>;
type Ended = Awaited<Running>;

/** Runs the built bin/hw5.js as a user would. Never rejects: look at exitCode. Until it has ended, `pid` names the process. */
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

/** Runs hw5 on the tests' lab. @throws Error with all it printed when it does not end with `expected` (default 0). */
export async function onLab(args: readonly string[], expected = 0): Promise<Ended> {
  const result = await hw5(['--lab-name', LAB.name, ...args]);
  if (result.exitCode !== expected)
    throw new Error(`hw5 ${args.join(' ')} ended with ${result.exitCode}, not ${expected}:\n${result.all}`);
  checkJsonOutput(args, result.stdout as string);
  return result;
}

/** Makes the tests' lab if it is not there. */
export async function ensureLab(): Promise<void> {
  const result = await hw5(['lab', 'up', '--name', LAB.name, '--subnet', LAB.subnet, '--sudo-password', 'node2']);
  if (result.exitCode !== 0) throw new Error(`no lab: ${result.all}`);
}

/** Makes the lab and the cluster on it, whatever the test before left behind. */
export async function ensureCluster(): Promise<void> {
  await ensureLab();
  await onLab(['up']);
}

/** Runs a shell script as root in a machine, past SSH. @throws Error when it fails. */
export async function inMachine(machine: string, script: string): Promise<string> {
  const result = await hw5(['lab', 'exec', '--name', LAB.name, machine, '--', 'sh', '-c', script]);
  if (result.exitCode !== 0) throw new Error(`${machine}: ${script}\n${result.all}`);
  return result.stdout as string;
}
