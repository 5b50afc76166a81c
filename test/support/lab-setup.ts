import {homedir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {labHost} from '../../src/lab/host.js';
import {removeSave} from '../../src/lab/saves/remove.js';
import {listSaves} from '../../src/lab/saves/saves.js';
import {SAVE} from './cluster.js';
import {hw5} from './lab.js';
import {phase} from './phases.js';
import {type TestLab, testLabs} from './test-labs.js';

const host = labHost(process.env, homedir());

/**
 * Around all tests of the lab: begins to make a lab with a cluster per worker, one after the other, and does not wait for them: ensureCluster()
 * does. At the end they are removed, unless HW5_KEEP_LAB is set.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const labs = testLabs(process.env);
  // of an earlier run, perhaps of another build
  for (const {name} of labs) await removeSaves(name);
  const end = new AbortController();
  const prepared = prepare(labs, end.signal);
  return async () => {
    end.abort();
    await prepared;
    await phase('removing the labs', async () => {
      for (const {name} of labs) {
        if (!process.env['HW5_KEEP_LAB']) await hw5(['lab', 'down', '--name', name]);
        await removeSaves(name);
      }
    });
  };
}

async function prepare(labs: readonly TestLab[], cancelSignal: AbortSignal): Promise<void> {
  const program = fileURLToPath(new URL('./prepare-cluster.ts', import.meta.url));
  for (const {name, subnet} of labs) {
    if (cancelSignal.aborted) return;
    const env = {HW5_TEST_LAB: name, HW5_TEST_SUBNET: subnet};
    const result = await execa(process.execPath, ['--import', 'tsx', program], {env, cancelSignal, reject: false, all: true});
    // the tests on this lab make it themselves then, and fail with the reason
    if (result.failed && !cancelSignal.aborted) console.error(result.all);
  }
}

async function removeSaves(lab: string): Promise<void> {
  if ((await listSaves(host, lab)).some((save) => save.name === SAVE)) await removeSave({lab, save: SAVE}, host);
}
