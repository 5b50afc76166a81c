import {rm, rmdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {exists} from './base/base.js';
import type {LabHost} from './host.js';
import {DEFAULT_LAB, type Lab, type LabMachine} from './lab.js';
import {removeEmptyCgroup} from './machine/cgroups.js';
import {CGROUP_ROOT, labCgroup} from './machine/launch-script.js';
import {powerOff, removeNspawnDirectories} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {removeNetwork} from './network/network.js';
import {HERE, type LabContext, labRun} from './report.js';
import {requireRoot} from './require-root.js';
import {removeInterrupted} from './saves/interrupted.js';
import {everyMachine} from './state.js';

/**
 * Removes everything of the lab but the cache and the saves, also after a crash or an interrupted `lab up`. A lab that does not exist is no error.
 * @returns whether anything existed
 */
export async function labDown(
  options: {readonly name?: string | undefined},
  host: LabHost,
  context: LabContext,
): Promise<boolean> {
  requireRoot('lab down');
  const name = options.name ?? DEFAULT_LAB.name;
  const lab = await everyMachine(host, name);
  const wasPresent = await isAnythingPresent(lab);
  // Also where nothing was found: a crash may have left a rule or a process.
  await labRun(context, 'down', {name, machines: wasPresent ? lab.machines.map((machine) => machine.name) : []}, async (part) => {
    await removeInterrupted(host, lab);
    const off = (machine: LabMachine) => async (): Promise<boolean> => {
      const isPresent = (await exists(machine.directory)) || (await findMachine(lab, machine)) !== undefined;
      await powerOff(lab, machine);
      return isPresent;
    };
    if (wasPresent) await Promise.all(lab.machines.map((machine) => part('machine', machine.name, off(machine))));
    else await Promise.all(lab.machines.map((machine) => powerOff(lab, machine)));
    await part('lab', HERE, async () => {
      await removeNetwork(host, lab);
      for (const cgroup of [labCgroup(lab), CGROUP_ROOT]) await removeEmptyCgroup(cgroup);
      await removeNspawnDirectories();
      await rm(lab.directory, {recursive: true, force: true});
      for (const directory of [host.state, dirname(host.state)]) await rmdir(directory).catch(() => undefined);
      return wasPresent;
    });
  });
  return wasPresent;
}

async function isAnythingPresent(lab: Lab): Promise<boolean> {
  const places = [lab.directory, lab.runDirectory, `/sys/class/net/${lab.bridge}`];
  return (await Promise.all(places.map(exists))).includes(true);
}
