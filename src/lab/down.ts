import {rm, rmdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import type {LabHost} from './host.js';
import {DEFAULT_LAB, defineLab, type Lab, labFrom} from './lab.js';
import {lock} from './lock.js';
import {removeEmptyCgroup} from './machine/cgroups.js';
import {CGROUP_ROOT, labCgroup} from './machine/launch-script.js';
import {powerOff, removeNspawnLeftovers} from './machine/power.js';
import {removeNetwork} from './network/network.js';
import type {LabContext} from './report.js';
import {requireRoot} from './require-root.js';
import {readRecord} from './state.js';

const LOCK_LIMIT_MS = 10 * 60_000;

/** Removes everything of the lab but the cache, also after a crash, also when `lab up` did not get far. Removing what is not there is no error. */
export async function labDown(options: {readonly name?: string | undefined}, host: LabHost, context: LabContext): Promise<void> {
  requireRoot('lab down');
  const name = options.name ?? DEFAULT_LAB.name;
  await using _ = await lock(`the lab ${defineLab({name}).name}`, LOCK_LIMIT_MS, {
    signal: context.signal,
    onWait: () => context.report({message: `waiting for another hw5 that works on the lab ${name}`}),
  });
  const lab = await everyMachine(host, name);
  await Promise.all(lab.machines.map((machine) => powerOff(lab, machine)));
  context.report({message: 'machines are off'});
  await removeNetwork(host, lab);
  for (const cgroup of [labCgroup(lab), CGROUP_ROOT]) await removeEmptyCgroup(cgroup);
  await removeNspawnLeftovers();
  await rm(lab.directory, {recursive: true, force: true});
  for (const directory of [host.state, dirname(host.state)]) await rmdir(directory).catch(() => undefined);
  context.report({message: `the lab ${name} is gone`});
}

/** Where no record tells the number of machines (it is missing or damaged), as many as there can be. */
async function everyMachine(host: LabHost, name: string): Promise<Lab> {
  const record = await readRecord(host, name).catch(() => undefined);
  return labFrom(record ?? defineLab({name, count: 9}), host);
}
