import {homedir} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {labHost} from '../../src/lab/host.js';
import {listSaves} from '../../src/lab/saves/saves.js';
import {lock} from '../../src/support/lock.js';
import {checked, ensureLab, hw5, inMachine, LAB, onLab} from './lab.js';
import {phase} from './phases.js';

/** The save of a healthy cluster, made once a run: lab-setup.ts removes that of the run before. */
export const SAVE = 'cluster';
/** Both variants of iptables are in the tests: Docker, Calico and hw5 use the legacy one on node2, and Docker and hw5 the other one elsewhere. */
const LEGACY = 'for tool in iptables ip6tables; do update-alternatives --set $tool /usr/sbin/$tool-legacy; done';
/** Making everything for the first time, on a busy computer. */
const LIMIT_MS = 30 * 60_000;
/** With upstream Calico, dockerd needs up to 50 s after a boot of all machines, and more on a busy computer. */
const RESTORED_MS = 300_000;
/** The commands that report whether a cluster is healthy, and as its file describes it. */
const CLAIMS = ['status', 'plan'];

/** Makes sure that the lab's cluster is healthy and as its file describes it: restores it where a test file before left it in another state. */
export async function ensureCluster(): Promise<void> {
  // the set-up may be making it
  await using _ = await lock(`the tests' cluster on ${LAB.name}`, LIMIT_MS);
  if (!(await isSaved())) await makeCluster();
  else if (!(await isAsDescribed())) await phase(`lab restore ${LAB.name}`, restore);
}

/** Makes the lab and the cluster on it, or repairs what an earlier run left, and saves it. */
export async function prepareCluster(): Promise<void> {
  await using _ = await lock(`the tests' cluster on ${LAB.name}`, LIMIT_MS);
  if (!(await isSaved())) await makeCluster();
}

async function makeCluster(): Promise<void> {
  await phase(`lab up ${LAB.name}`, ensureLab);
  await inMachine('node2', LEGACY);
  // without the rules that dockerd made with the other variant
  for (const state of ['off', 'on']) await lab(['power', state, 'node2']);
  await phase(`up ${LAB.name}`, () => onLab(['up']));
  await phase(`lab save ${LAB.name}`, () => lab(['save', SAVE]));
}

async function restore(): Promise<void> {
  await lab(['restore', SAVE]);
  for (const until = Date.now() + RESTORED_MS; Date.now() < until; await sleep(500)) {
    if (await isAsDescribed()) return;
  }
  const outputs = await Promise.all(CLAIMS.map(async (command) => (await hw5(['--lab-name', LAB.name, command])).all));
  throw new Error(['the restored cluster is not as its file describes it:', ...outputs].join('\n'));
}

async function isAsDescribed(): Promise<boolean> {
  const results = await Promise.all(CLAIMS.map((command) => hw5(['--lab-name', LAB.name, command])));
  return results.every(({exitCode}) => exitCode === 0);
}

async function isSaved(): Promise<boolean> {
  return (await listSaves(labHost(process.env, homedir()), LAB.name)).some(({name}) => name === SAVE);
}

async function lab(args: readonly string[]): Promise<void> {
  const all = ['lab', ...args, '--name', LAB.name];
  checked(await hw5(all), all, 0);
}
