import {chmod, mkdir, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {Hw5Error, InterruptedError} from '../../support/errors.js';
import {baseAt, exists} from '../base/base.js';
import {baseIdentity} from '../base/identity.js';
import type {LabHost} from '../host.js';
import type {Lab, LabMachine} from '../lab.js';
import {freezeMachines} from '../machine/freeze.js';
import {findMachine} from '../machine/processes.js';
import {makePublicDirectories} from '../public-path.js';
import {HERE, type LabContext, labRun, type Report} from '../report.js';
import {requireRoot} from '../require-root.js';
import {run} from '../run.js';
import {type LabRecord, loadLab, nameOption, recordOf} from '../state.js';
import {copyDirectories, inUnits, measure, requireSpace} from './copy.js';
import {removeInterrupted, unfinishedSave} from './interrupted.js';
import {checkSaveName, readSave, type Save, savePaths, savesDirectory} from './saves.js';

/** The parts of a machine. Everything else in its directory is made whenever it is switched on. */
const MACHINE_ENTRIES = ['upper', 'docker', 'created', 'units'];

/**
 * Stores the state of all machines of a lab under a name. They are suspended for the seconds that copying their disks takes: the save contains the
 * disks as a power failure at that moment would leave them. An interrupted save leaves nothing.
 */
export async function labSave(
  choice: {readonly lab?: string | undefined; readonly save: string},
  host: LabHost,
  context: LabContext,
): Promise<Save> {
  requireRoot(`lab save ${choice.save}`);
  checkSaveName(choice.save);
  const {name} = await loadLab(host, choice.lab);
  const {signal} = context;
  return labRun(context, 'save', {name, machines: []}, async (part) => {
    let save: Save | undefined;
    await part('lab', HERE, async (report) => {
      save = await writeSave(await loadLab(host, name), choice.save, host, {report, signal});
      return true;
    });
    return save!;
  });
}

async function writeSave(
  lab: Lab & LabRecord,
  name: string,
  host: LabHost,
  {report, signal}: {readonly report: Report; readonly signal: AbortSignal | undefined},
): Promise<Save> {
  await removeInterrupted(host, lab);
  await rejectExisting(lab, name, host);
  const entries = await labEntries(lab);
  await makePublicDirectories([dirname(host.saves), host.saves, savesDirectory(host, lab.name)]);
  const amount = await measure(entries, signal);
  const hint = `free some space, or delete a save: \`hw5 lab saved${nameOption(lab.name)}\` lists them`;
  await requireSpace(host.saves, amount.bytes, `saving the lab ${lab.name}`, hint);
  const directory = unfinishedSave(host, lab, name);
  const copy = join(directory, 'lab');
  try {
    const running = await runningMachines(lab);
    for (const path of [directory, copy, ...lab.machines.map((machine) => join(copy, machine.name))])
      await mkdir(path, {mode: 0o700});
    report(`copying ${inUnits(amount.bytes)}`);
    {
      await using _ = await freezeMachines(lab);
      const pairs = entries.map((from) => ({from, to: join(copy, relative(lab.directory, from))}));
      const onProgress = (done: number): void => report(`copied ${done} of about ${amount.entries} files`);
      await copyDirectories(pairs, {onProgress, signal});
    }
    const save = await describe(name, {lab, host, running, amount: await measure([copy], signal)});
    await writeFile(join(directory, 'save.json'), `${JSON.stringify(save, undefined, 2)}\n`);
    await chmod(directory, 0o755);
    report('writing it to the disk');
    // a power failure must not leave a save whose files are incomplete
    await run(['sync', '-f', directory], {signal});
    await rename(directory, savePaths(host, lab.name, name).directory);
    return save;
  } catch (error) {
    report('removing the incomplete save');
    await rm(directory, {recursive: true, force: true});
    throw signal?.aborted ? new InterruptedError('interrupted', {hint: 'nothing was saved', cause: error}) : error;
  }
}

async function rejectExisting(lab: Lab, name: string, host: LabHost): Promise<void> {
  if (!(await readSave(host, lab.name, name))) return;
  throw new Hw5Error(`the lab ${lab.name} has a save "${name}" already`, {
    hint: `choose another name, or delete it with \`sudo hw5 lab saved --delete ${name}${nameOption(lab.name)}\``,
  });
}

/** The paths of all parts of a lab. */
async function labEntries(lab: Lab): Promise<string[]> {
  const {definition, cluster, key, knownHosts} = lab.files;
  const ofMachine = (machine: LabMachine): string[] => [
    ...MACHINE_ENTRIES.map((entry) => join(machine.directory, entry)),
    machine.sudoPasswordFile,
  ];
  const paths = [definition, cluster, key, `${key}.pub`, knownHosts, ...lab.machines.flatMap(ofMachine)];
  const found = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => found[index]);
}

async function runningMachines(lab: Lab): Promise<string[]> {
  const found = await Promise.all(lab.machines.map((machine) => findMachine(lab, machine)));
  return lab.machines.filter((_, index) => found[index]).map((machine) => machine.name);
}

async function describe(
  name: string,
  parts: {
    readonly lab: Lab & LabRecord;
    readonly host: LabHost;
    readonly running: readonly string[];
    readonly amount: {readonly bytes: number; readonly entries: number};
  },
): Promise<Save> {
  return {
    version: 1,
    name,
    savedAt: new Date().toISOString(),
    ...parts.amount,
    lab: recordOf(parts.lab),
    baseIdentity: await baseIdentity(baseAt(parts.host, parts.lab.baseKey)),
    running: [...parts.running],
  };
}
