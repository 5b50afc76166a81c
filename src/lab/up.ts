import {chmod, chown, copyFile, link, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {useCached} from '../support/cache.js';
import {Hw5Error, Hw5Errors} from '../support/errors.js';
import {type Base, baseAt, currentKey, ensureBase, exists} from './base/base.js';
import {pruneBases} from './base/prune.js';
import {clusterYaml} from './cluster-file.js';
import type {LabHost} from './host.js';
import {requireHostPackages} from './host-packages.js';
import {makeKeyPair} from './keys.js';
import {type Lab, type LabMachine, type LabOptions, labFrom} from './lab.js';
import {createMachine} from './machine/create.js';
import {powerOff, powerOn} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {writeFiles} from './machine/provision.js';
import {renewFiles} from './machine/renew.js';
import {answersSsh} from './machine/ssh-banner.js';
import {untilSshAnswers} from './machine/wait.js';
import {plugIn} from './network/bridge.js';
import {applyNetwork} from './network/network.js';
import {findResolver, type Resolver} from './network/resolver.js';
import type {Preinstalled} from './preinstalled.js';
import {writePublicFile} from './public-path.js';
import {HERE, type LabContext, labRun, type Say} from './report.js';
import {requireRoot} from './require-root.js';
import {agree, type LabRecord, nameOption, readRecord, writeRecord} from './state.js';

/** A lab that is up. */
export interface LabUp {
  readonly lab: Lab;
  /** Its machines' disks are layers over a base that a new lab would not get any more. */
  readonly isBaseOutdated: boolean;
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
    let base = record && baseAt(host, record.baseKey);
    await part('lab', HERE, async (say) => {
      base = await chooseBase(host, lab, record, preinstalled, {say, signal});
      const resolver = await findResolver();
      const isMended = await applyNetwork(host, lab, resolver, signal);
      if (!record) await writeRecord(host, lab, {...definition, baseKey: base.key});
      await createDisks(lab, base, host, resolver, preinstalled, signal);
      return isMended || !record;
    });

    const results = await Promise.allSettled(
      lab.machines.map((machine) =>
        part('machine', machine.name, (say) => bringUp(lab, machine, base!, host, preinstalled, say, signal)),
      ),
    );
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const known = errors.filter((error) => error instanceof Hw5Error);
    if (errors.length > 0) throw errors.length > 1 && known.length === errors.length ? new Hw5Errors(known) : errors[0];
    // what is left over hinders nothing
    await pruneBases(host, Date.now()).catch(() => undefined);
    return {lab, isBaseOutdated: base!.key !== (await currentKey(preinstalled.packages))};
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

async function createDisks(
  lab: Lab,
  base: Base,
  host: LabHost,
  resolver: Resolver,
  preinstalled: Preinstalled,
  signal: AbortSignal | undefined,
): Promise<void> {
  const authorizedKeys = await ensureKey(lab, signal);
  const parts = {base, host, resolver, authorizedKeys, preinstalled, signal};
  const lines = await Promise.all(lab.machines.map((machine) => createMachine(lab, machine, parts)));
  await writePublicFile(lab.files.knownHosts, lines.join(''));
  await copyFile(join(host.programs, 'calicoctl'), lab.files.calicoctl);
  await chmod(lab.files.calicoctl, 0o755);
  // Its user may have changed it: `hw5 scale` does.
  if (!(await exists(lab.files.cluster))) {
    await writePublicFile(`${lab.files.cluster}.new`, clusterYaml(lab, await readableTar(lab, base, host)));
    await rename(`${lab.files.cluster}.new`, lab.files.cluster);
  }
  if (!host.owner) return;
  const secrets = lab.machines
    .filter((machine) => lab.sudoPassword.includes(machine.name))
    .map((machine) => machine.sudoPasswordFile);
  for (const path of [lab.files.key, ...secrets]) await chown(path, host.owner.uid, host.owner.gid);
}

/** The key that may log in. @returns its public half */
async function ensureKey(lab: Lab, signal: AbortSignal | undefined): Promise<string> {
  const publicFile = `${lab.files.key}.pub`;
  const known = await readFile(publicFile, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const pair = await makeKeyPair(lab.directory, `hw5 lab ${lab.name}`, signal);
  await writeFile(lab.files.key, pair.private, {mode: 0o600});
  // Last: it says that the key is complete.
  await writePublicFile(publicFile, pair.public);
  return pair.public;
}

/** The base image's tar, where the one who will use the lab can read it: with sudo the cache is in root's home. */
async function readableTar(lab: Lab, base: Base, host: LabHost): Promise<string> {
  if (!host.owner) return base.tar;
  const path = join(lab.directory, 'base.tar');
  if (await exists(path)) return path;
  // On another file system there is no link, only a copy.
  await link(base.tar, path).catch(() => copyFile(base.tar, path));
  return path;
}

/** @returns whether the machine was not as it should be */
async function bringUp(
  lab: Lab,
  machine: LabMachine,
  base: Base,
  host: LabHost,
  {files}: Preinstalled,
  say: Say,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const running = await findMachine(lab, machine);
  let isChanged = true;
  if (running) {
    const isReplugged = await plugIn(lab, machine, signal);
    const stale = await renewFiles(running.leader, files, host.programs, signal);
    if (stale.length > 0) say(`renewed ${stale.join(', ')}`);
    isChanged = isReplugged || stale.length > 0;
  } else {
    say('starting');
    await powerOff(lab, machine);
    const layers = {lower: base.tree, upper: join(machine.directory, 'upper')};
    await writeFiles(layers, files, {programs: host.programs, user: {uid: 0, gid: 0}});
    await powerOn(lab, machine, base, signal);
  }
  if (!(await answersSsh(machine.address))) say(`waiting for SSH at ${machine.address}`);
  await untilSshAnswers(machine, signal);
  return isChanged;
}
