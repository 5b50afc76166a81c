import {rm} from 'node:fs/promises';
import {useCached} from '../support/cache.js';
import {Hw5Error} from '../support/errors.js';
import {type Base, baseAt, currentKey, ensureBase, exists} from './base/base.js';
import {pruneBases} from './base/prune.js';
import {createDisks, ensureKey} from './disks.js';
import type {LabHost} from './host.js';
import {requireHostPackages} from './host-packages.js';
import {defineLab, type Lab, type LabOptions, labFrom} from './lab.js';
import type {DiskParts} from './machine/create.js';
import {powerOff} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {applyNetwork} from './network/network.js';
import {findResolver} from './network/resolver.js';
import {findBlockedResolver} from './network/way-out.js';
import type {Preinstalled} from './preinstalled.js';
import {HERE, type LabContext, labRun, type Report} from './report.js';
import {requireLabPossible, requireRoot} from './require-root.js';
import {removeInterrupted} from './saves/interrupted.js';
import {agree, type LabRecord, nameOption, readRecord, writeRecord} from './state.js';
import {switchOn} from './switch-on.js';

/** A lab that is up. */
export interface LabUp {
  readonly lab: Lab;
  /** The machines' disks are layers over an older base than a new lab would get. */
  readonly isBaseOutdated: boolean;
  /** A resolver that answers the host and not the machines, as a foreign firewall drops their packets. */
  readonly blockedResolver: string | undefined;
}

/**
 * Brings the lab up, or repairs it: machines that are off or crashed are switched on with their disks, a missing bridge or rule is made again,
 * and emulators of another build are replaced by this build's. A lab that needs no repair is not changed. @returns once every machine answers SSH
 */
export async function labUp(options: LabOptions, host: LabHost, preinstalled: Preinstalled, context: LabContext): Promise<LabUp> {
  requireRoot('lab up');
  await requireLabPossible();
  await requireHostPackages();
  const name = labFrom(agree({name: options.name}, undefined), host).name;
  // Another process may make the lab in the meantime, but the machines' names are the same.
  const announced = labFrom(agree(options, await readRecord(host, name)), host);
  const machines = announced.machines.map((machine) => machine.name);
  return labRun(context, 'up', {name, machines}, async (part) => {
    const record = await readRecord(host, name);
    const definition = agree(options, record);
    const lab = labFrom(definition, host);
    const {signal, answerLimitMs} = context;
    let parts: DiskParts | undefined;
    await part('lab', HERE, async (report) => {
      await removeInterrupted(host, record ? lab : labFrom(defineLab({name, count: 9}), host));
      if (!record) await removeDisks(host, name, report);
      const base = await chooseBase(host, lab, record, preinstalled, {report, signal});
      const resolver = await findResolver();
      const isMended = await applyNetwork(host, lab, resolver, signal);
      if (!record) await writeRecord(host, lab, {...definition, baseKey: base.key});
      parts = {base, host, resolver, authorizedKeys: await ensureKey(lab, signal), preinstalled, signal, answerLimitMs};
      return (await createDisks(lab, parts)) || isMended;
    });
    const {base, resolver} = parts!;
    await switchOn(lab, lab.machines, part, parts!);
    // a failure here does no harm
    await pruneBases(host, Date.now()).catch(() => undefined);
    const found = await findMachine(lab, lab.machines[0]!);
    return {
      lab,
      isBaseOutdated: base.key !== (await currentKey(preinstalled.packages)),
      blockedResolver: found && (await findBlockedResolver(found.leader, resolver.addresses, signal)),
    };
  });
}

/** A new lab gets the newest base. An existing one needs the base that its disks are layers over. */
async function chooseBase(
  host: LabHost,
  lab: Lab,
  record: LabRecord | undefined,
  preinstalled: Preinstalled,
  options: {readonly report: Report; readonly signal: AbortSignal | undefined},
): Promise<Base> {
  if (!record) return ensureBase(host, preinstalled.packages, options);
  const base = baseAt(host, record.baseKey);
  if (await useCached(base.directory)) return base;
  throw new Hw5Error(`the base file system of the lab ${lab.name} is gone from ${host.cache}`, {
    hint: `remove the lab and make it again: \`hw5 lab down${nameOption(lab.name)}\` and \`up\``,
  });
}

/** Removes disks without a record, which only a crash leaves: the base and the addresses that they were made for are unknown. */
async function removeDisks(host: LabHost, name: string, report: Report): Promise<void> {
  const lab = labFrom(defineLab({name, count: 9}), host);
  if (!(await exists(lab.directory))) return;
  if (await exists(lab.files.definition)) report(`${lab.files.definition} is damaged: making the machines again`);
  await Promise.all(lab.machines.map((machine) => powerOff(lab, machine)));
  await rm(lab.directory, {recursive: true, force: true});
}
