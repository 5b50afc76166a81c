import {chmod, chown, copyFile, link, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {useCached} from '../support/cache.js';
import {Hw5Error, Hw5Errors} from '../support/errors.js';
import {replaceFile} from '../support/replace-file.js';
import {type Base, baseAt, currentKey, ensureBase, exists} from './base/base.js';
import {pruneBases} from './base/prune.js';
import {clusterYaml} from './cluster-file.js';
import type {LabHost} from './host.js';
import {requireHostPackages} from './host-packages.js';
import {makeKeyPair, publicHalf} from './keys.js';
import {defineLab, type Lab, type LabOptions, labFrom} from './lab.js';
import {bringUp} from './machine/bring-up.js';
import {createMachine, type DiskParts, findCreated} from './machine/create.js';
import {authorizedKeysFile, resolvConfFile} from './machine/files.js';
import {powerOff} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {applyNetwork} from './network/network.js';
import {findResolver} from './network/resolver.js';
import {findBlockedResolver} from './network/way-out.js';
import type {Preinstalled} from './preinstalled.js';
import {readIfThere, writePublicFile} from './public-path.js';
import {HERE, type LabContext, labRun, type Say} from './report.js';
import {requireRoot} from './require-root.js';
import {agree, type LabRecord, nameOption, readRecord, writeRecord} from './state.js';

/** A lab that is up. */
export interface LabUp {
  readonly lab: Lab;
  /** Its machines' disks are layers over a base that a new lab would not get any more. */
  readonly isBaseOutdated: boolean;
  /** A resolver that answers this computer and not its machines: somebody else's firewall keeps them from the world. */
  readonly blockedResolver: string | undefined;
}

/**
 * Brings the lab up, or mends it: machines that are off or half dead are switched on with the disks they had, a missing bridge or rule comes
 * back, and work-alikes of another build are renewed. A lab that is as it should be stays untouched. @returns once every machine answers SSH
 */
export async function labUp(options: LabOptions, host: LabHost, preinstalled: Preinstalled, context: LabContext): Promise<LabUp> {
  requireRoot('lab up');
  await requireHostPackages();
  const name = labFrom(agree({name: options.name}, undefined), host).name;
  // Machines have the same names whoever made the lab in the meantime.
  const announced = labFrom(agree(options, await readRecord(host, name)), host);
  const machines = announced.machines.map((machine) => machine.name);
  return labRun(context, 'up', {name, machines}, async (part) => {
    const record = await readRecord(host, name);
    const definition = agree(options, record);
    const lab = labFrom(definition, host);
    const {signal} = context;
    let parts: DiskParts | undefined;
    await part('lab', HERE, async (say) => {
      if (!record) await removeDisks(host, name, say);
      const base = await chooseBase(host, lab, record, preinstalled, {say, signal});
      const resolver = await findResolver();
      const isMended = await applyNetwork(host, lab, resolver, signal);
      if (!record) await writeRecord(host, lab, {...definition, baseKey: base.key});
      parts = {base, host, resolver, authorizedKeys: await ensureKey(lab, signal), preinstalled, signal};
      return (await createDisks(lab, parts)) || isMended;
    });
    const {base, resolver, authorizedKeys} = parts!;
    // the resolver is another when this computer has changed networks, and the rules let the machines ask no other
    const files = [...preinstalled.files, resolvConfFile(resolver.resolvConf)];
    if (!(await isKnown(lab, authorizedKeys))) files.push(authorizedKeysFile(authorizedKeys));

    const results = await Promise.allSettled(
      lab.machines.map((machine) => part('machine', machine.name, (say) => bringUp(lab, machine, {base, files, say, signal}))),
    );
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const known = errors.filter((error) => error instanceof Hw5Error);
    if (errors.length > 0) throw errors.length > 1 && known.length === errors.length ? new Hw5Errors(known) : errors[0];
    await writePublicFile(knownKey(lab), authorizedKeys);
    // what is left over hinders nothing
    await pruneBases(host, Date.now()).catch(() => undefined);
    const found = await findMachine(lab, lab.machines[0]!);
    return {
      lab,
      isBaseOutdated: base.key !== (await currentKey(preinstalled.packages)),
      blockedResolver: found && (await findBlockedResolver(found.leader, resolver.addresses, signal)),
    };
  });
}

/** A new lab gets the newest base. A disk is a layer over one certain base, and worth nothing over another. */
async function chooseBase(
  host: LabHost,
  lab: Lab,
  record: LabRecord | undefined,
  preinstalled: Preinstalled,
  options: {readonly say: Say; readonly signal: AbortSignal | undefined},
): Promise<Base> {
  if (!record) return ensureBase(host, preinstalled.packages, options);
  const base = baseAt(host, record.baseKey);
  if (await useCached(base.directory)) return base;
  throw new Hw5Error(`the base file system of the lab ${lab.name} is gone from ${host.cache}`, {
    hint: `make the lab anew: \`hw5 lab down${nameOption(lab.name)}\` and \`up\``,
  });
}

/** Without a record nobody knows which base the disks were made over, nor with which addresses. There are none but after a crash. */
async function removeDisks(host: LabHost, name: string, say: Say): Promise<void> {
  const lab = labFrom(defineLab({name, count: 9}), host);
  if (!(await exists(lab.directory))) return;
  if (await exists(lab.files.definition)) say(`${lab.files.definition} is damaged: making the machines anew`);
  await Promise.all(lab.machines.map((machine) => powerOff(lab, machine)));
  await rm(lab.directory, {recursive: true, force: true});
}

/** Makes the disks that are missing, and the files by which the lab is used. @returns whether a disk was missing */
async function createDisks(lab: Lab, parts: DiskParts): Promise<boolean> {
  const {base, host} = parts;
  let isMade = false;
  const lines = await Promise.all(
    lab.machines.map(async (machine) => {
      const created = await findCreated(machine);
      if (created !== undefined) return created;
      isMade = true;
      await powerOff(lab, machine);
      return createMachine(lab, machine, parts);
    }),
  );
  await writePublicFile(lab.files.knownHosts, lines.join(''));
  await copyFile(join(host.programs, 'calico/calicoctl'), lab.files.calicoctl);
  await chmod(lab.files.calicoctl, 0o755);
  // Its user may have changed it: `hw5 scale` does.
  if (!(await readIfThere(lab.files.cluster))) {
    await writePublicFile(lab.files.cluster, clusterYaml(lab, await readableTar(lab, base, host)));
  }
  if (!host.owner) return isMade;
  const secrets = lab.machines
    .filter((machine) => lab.sudoPassword.includes(machine.name))
    .map((machine) => machine.sudoPasswordFile);
  // The cluster file is for him to change, and `hw5 scale` does it for him.
  for (const path of [lab.files.key, lab.files.cluster, ...secrets]) await chown(path, host.owner.uid, host.owner.gid);
  return isMade;
}

/** The key that may log in, made where there is none or only a part of one. @returns its public half */
async function ensureKey(lab: Lab, signal: AbortSignal | undefined): Promise<string> {
  const known = await publicHalf(lab.files.key, signal);
  if (known !== undefined) return known;
  const pair = await makeKeyPair(lab.directory, `hw5 lab ${lab.name}`, signal);
  await replaceFile(lab.files.key, pair.private, {mode: 0o600});
  return pair.public;
}

/** Holds the public half of the key that every machine lets in. */
function knownKey(lab: Lab): string {
  return `${lab.files.key}.pub`;
}

/** False where disks may have been made for a key that was lost. */
async function isKnown(lab: Lab, publicKey: string): Promise<boolean> {
  return (await readIfThere(knownKey(lab))) === publicKey;
}

/** The base image's tar, where the one who will use the lab can read it: with sudo the cache is in root's home. */
async function readableTar(lab: Lab, base: Base, host: LabHost): Promise<string> {
  if (!host.owner) return base.tar;
  const path = join(lab.directory, 'base.tar');
  if (await exists(path)) return path;
  // On another file system there is no link, only a copy.
  await link(base.tar, path).catch(async () => {
    await copyFile(base.tar, `${path}.new`);
    await rename(`${path}.new`, path);
  });
  return path;
}
