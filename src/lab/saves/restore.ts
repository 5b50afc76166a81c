import {chmod, copyFile, mkdir, readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {useCached} from '../../support/cache.js';
import {Hw5Error} from '../../support/errors.js';
import {type Base, baseAt, currentKey, ensureBase} from '../base/base.js';
import {baseIdentity} from '../base/identity.js';
import {createDisks, ensureKey} from '../disks.js';
import type {LabHost} from '../host.js';
import {requireHostPackages} from '../host-packages.js';
import {DEFAULT_LAB, type Lab, labFrom} from '../lab.js';
import type {DiskParts} from '../machine/create.js';
import {powerOff} from '../machine/power.js';
import {applyNetwork} from '../network/network.js';
import {findResolver} from '../network/resolver.js';
import type {Preinstalled} from '../preinstalled.js';
import {makePublicDirectories, readIfPresent} from '../public-path.js';
import {HERE, type LabContext, labRun, type Report} from '../report.js';
import {requireLabPossible, requireRoot} from '../require-root.js';
import {everyMachine, nameOption} from '../state.js';
import {switchOn} from '../switch-on.js';
import {copyDirectories, inUnits, requireSpace} from './copy.js';
import {removeInterrupted, restorePaths} from './interrupted.js';
import {requireSave, type Save, savePaths} from './saves.js';

/** A lab that was restored. */
export interface LabRestored {
  readonly lab: Lab;
  readonly save: Save;
  /** Where the cluster file is that the saved one replaced, where they differ. */
  readonly replacedCluster: string | undefined;
}

/**
 * Restores a lab as it was saved: disks, keys, cluster file, and which machines are on. What its machines contain now is lost. The lab need
 * not exist. As in `lab up`, the machines get this build's emulators. @returns once every machine that was on answers SSH
 */
export async function labRestore(
  choice: {readonly lab?: string | undefined; readonly save: string},
  host: LabHost,
  preinstalled: Preinstalled,
  context: LabContext,
): Promise<LabRestored> {
  requireRoot(`lab restore ${choice.save}`);
  await requireLabPossible();
  await requireHostPackages();
  const name = choice.lab ?? DEFAULT_LAB.name;
  const {running} = await requireSave(host, name, choice.save);
  const {signal} = context;
  return labRun(context, 'restore', {name, machines: running}, async (part) => {
    const save = await requireSave(host, name, choice.save);
    const lab = labFrom(save.lab, host);
    let disks: RestoredDisks | undefined;
    await part('lab', HERE, async (report) => {
      disks = await restoreDisks(save, lab, host, preinstalled, {report, signal});
      return true;
    });
    const {parts, replacedCluster} = disks!;
    const machines = lab.machines.filter((machine) => save.running.includes(machine.name));
    const {replaced} = restorePaths(host, lab);
    await Promise.all([switchOn(lab, machines, part, parts), rm(replaced, {recursive: true, force: true})]);
    return {lab, save, replacedCluster};
  });
}

interface Context {
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

interface RestoredDisks {
  readonly parts: DiskParts;
  readonly replacedCluster: string | undefined;
}

/** Replaces the lab's directory by a copy of the save. The machines are switched off only when the copy is complete. */
async function restoreDisks(
  save: Save,
  lab: Lab,
  host: LabHost,
  preinstalled: Preinstalled,
  {report, signal}: Context,
): Promise<RestoredDisks> {
  const {prepared, replaced} = restorePaths(host, lab);
  const present = await everyMachine(host, lab.name);
  await removeInterrupted(host, present);
  const base = await findBase(save, host, preinstalled, {report, signal});
  await makePublicDirectories([dirname(host.state), host.state]);
  const hint = `free some space, or remove the lab first: \`hw5 lab down${nameOption(lab.name)}\``;
  await requireSpace(host.state, save.bytes, `restoring the lab ${lab.name}`, hint);
  report(`copying ${inUnits(save.bytes)}`);
  let replacedCluster: string | undefined;
  try {
    const onProgress = (done: number): void => report(`copied ${done} of ${save.entries} files`);
    await prepare(lab, savePaths(host, lab.name, save.name).lab, prepared, {onProgress, signal});
    replacedCluster = await keepCluster(lab, prepared);
  } catch (error) {
    await rm(prepared, {recursive: true, force: true});
    throw error;
  }
  report('switching the machines off');
  await Promise.all(present.machines.map((machine) => powerOff(present, machine)));
  await rename(lab.directory, replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(prepared, lab.directory);
  const resolver = await findResolver();
  await applyNetwork(host, lab, resolver, signal);
  const parts: DiskParts = {base, host, resolver, authorizedKeys: await ensureKey(lab, signal), preinstalled, signal};
  await createDisks(lab, parts);
  return {parts, replacedCluster};
}

/** Keeps the present cluster file next to the saved one. @returns the path that it will have; undefined where both are equal or there is none */
async function keepCluster(lab: Lab, prepared: string): Promise<string | undefined> {
  const present = await readIfPresent(lab.files.cluster);
  const saved = await readIfPresent(join(prepared, basename(lab.files.cluster)));
  if (present === undefined || present === saved) return undefined;
  const path = `${lab.files.cluster}.replaced`;
  await copyFile(lab.files.cluster, join(prepared, basename(path)));
  return path;
}

/** The base that the saved disks are layers over. @throws Hw5Error where it no longer exists and cannot be made again */
async function findBase(save: Save, host: LabHost, preinstalled: Preinstalled, options: Context): Promise<Base> {
  const key = save.lab.baseKey;
  let base: Base | undefined = baseAt(host, key);
  if (!(await useCached(base.directory)))
    base = key === (await currentKey(preinstalled.packages)) ? await ensureBase(host, preinstalled.packages, options) : undefined;
  if (base && (await baseIdentity(base)) === save.baseIdentity) return base;
  const remedy = `remove it with \`sudo hw5 lab saved --delete ${save.name}${nameOption(save.lab.name)}\`, bring the lab up, and save it again`;
  throw new Hw5Error(
    `the save "${save.name}" was made over another base file system (${key}, ${save.baseIdentity}) than the one in ${host.cache}${base ? '' : ', which this hw5 no longer builds'}`,
    {hint: remedy},
  );
}

/** Copies a save to where the lab's new directory is prepared, on the same file system. */
async function prepare(lab: Lab, from: string, prepared: string, options: Parameters<typeof copyDirectories>[1]): Promise<void> {
  await mkdir(prepared);
  await chmod(prepared, 0o755);
  const names = (directory: string): Promise<string[]> => readdir(join(from, directory));
  const machines = lab.machines.map((machine) => machine.name);
  for (const machine of machines) await mkdir(join(prepared, machine), {mode: 0o700});
  const paths = [
    ...(await names('.')).filter((name) => !machines.includes(name)),
    ...(await Promise.all(machines.map(async (machine) => (await names(machine)).map((name) => join(machine, name))))).flat(),
  ];
  await copyDirectories(
    paths.map((path) => ({from: join(from, path), to: join(prepared, path)})),
    options,
  );
}
