/**
 * How fast is an `up` that has nothing to do? On the lab, side by side in one run:
 *  - hw5: connects and sees all facts of all steps in one joined script a host;
 *  - the same facts one after the other, each an `ssh` of its own over a multiplexed OpenSSH connection, all hosts concurrently: what tools do that run a
 *    command a check.
 * Prints medians and their ratio. `npx tsx bench/second-up.ts [cluster.yaml] [rounds]`; the cluster has to be up.
 */
import {execFile, spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {homedir, tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {Cluster, ClusterNode} from '../src/cluster/cluster.js';
import {loadCluster} from '../src/cluster/load.js';
import {COMPONENTS} from '../src/components/index.js';
import {prepareInputs} from '../src/components/prepare.js';
import {planRun} from '../src/engine/runner.js';
import {connectSsh} from '../src/host/ssh-host.js';

const [file = '/var/lib/hw5/labs/hw5/cluster.yaml', rounds = '5'] = process.argv.slice(2);
const cluster = await loadCluster(file, {env: process.env, home: homedir()});
const inputs = await prepareInputs(cluster, {cacheDir: join(homedir(), '.cache', 'hw5'), now: Date.now()});
const directory = await mkdtemp(join(tmpdir(), 'hw5-bench-'));
const run = promisify(execFile);

const times: {hw5: number[]; openssh: number[]} = {hw5: [], openssh: []};
try {
  for (let round = 0; round < Number(rounds); round++) {
    times.hw5.push(await timed(joined));
    times.openssh.push(await timed(() => Promise.all(cluster.nodes.map((node) => oneByOne(node, cluster)))));
  }
} finally {
  await rm(directory, {recursive: true, force: true});
}
const facts = cluster.nodes.map((node) => factsOf(node).length);
const [hw5, openssh] = [median(times.hw5), median(times.openssh)];
console.log(`${facts.join(' + ')} facts on ${cluster.nodes.length} hosts, median of ${rounds}`);
console.log(`hw5, joined:             ${hw5.toFixed(0)} ms`);
console.log(`OpenSSH, one by one:     ${openssh.toFixed(0)} ms`);
console.log(`ratio:                   ${(openssh / hw5).toFixed(1)}`);

async function joined(): Promise<void> {
  const connect = (node: ClusterNode) => connectSsh({node, home: homedir()});
  await planRun({cluster, inputs, steps: COMPONENTS, connect, emit: () => {}});
}

async function oneByOne(node: ClusterNode, {ssh}: Cluster): Promise<void> {
  const to = [
    '-o',
    `ControlPath=${directory}/%h`,
    '-o',
    `UserKnownHostsFile=${ssh.knownHosts}`,
    '-i',
    ssh.key ?? '',
    '-p',
    String(ssh.port),
    `${ssh.user}@${node.address}`,
  ];
  await run('ssh', ['-o', 'ControlMaster=yes', '-o', 'ControlPersist=yes', '-f', '-N', ...to]);
  for (const fact of factsOf(node)) await overStdin('ssh', [...to, 'sudo', '-n', 'sh', '-s'], fact);
  await run('ssh', ['-O', 'exit', ...to]);
}

/** Every script that hw5 runs on a node to observe it. */
function factsOf(node: ClusterNode): string[] {
  return COMPONENTS.filter((step) => step.targets(cluster).includes(node)).flatMap((step) => {
    const context = {node, cluster, inputs, unreachable: new Set<string>()};
    return [
      ...Object.values(step.facts(context)).map((fact) => fact.script),
      ...(step.ready ? [step.ready(context).script] : []),
    ];
  });
}

function overStdin(program: string, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ['pipe', 'ignore', 'ignore']});
    child.on('error', reject).on('close', () => resolve());
    child.stdin.end(input);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
