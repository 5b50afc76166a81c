import {chmod, chown, copyFile, link, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error, Hw5Errors} from '../support/errors.js';
import {type Base, baseAt, ensureBase, exists} from './base/base.js';
import {clusterYaml} from './cluster-file.js';
import type {LabHost} from './host.js';
import {requireHostPackages} from './host-packages.js';
import {makeKeyPair} from './keys.js';
import {type Lab, type LabMachine, type LabOptions, labFrom} from './lab.js';
import {lock} from './lock.js';
import {createMachine} from './machine/create.js';
import {powerOff, powerOn} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {untilSshAnswers} from './machine/wait.js';
import {plugIn} from './network/bridge.js';
import {applyNetwork} from './network/network.js';
import {findResolver, type Resolver} from './network/resolver.js';
import type {Preinstalled} from './preinstalled.js';
import {writePublicFile} from './public-path.js';
import type {LabContext} from './report.js';
import {requireRoot} from './require-root.js';
import {agree, nameOption, readRecord, writeRecord} from './state.js';

const LOCK_LIMIT_MS = 10 * 60_000;

/**
 * Brings the lab up, or mends it: machines that are off or half dead are switched on with the disks they had, a missing bridge or rule comes back.
 * A lab that is up stays untouched. @returns once every machine answers SSH
 */
export async function labUp(options: LabOptions, host: LabHost, preinstalled: Preinstalled, context: LabContext): Promise<Lab> {
  requireRoot('lab up');
  await requireHostPackages();
  const name = labFrom(agree({name: options.name}, undefined), host).name;
  await using _ = await lock(`the lab ${name}`, LOCK_LIMIT_MS, {
    signal: context.signal,
    onWait: () => context.report({message: `waiting for another hw5 that works on the lab ${name}`}),
  });
  const record = await readRecord(host, name);
  const definition = agree(options, record);
  const lab = labFrom(definition, host);
  const base = record ? await existingBase(host, lab, record.baseKey) : await ensureBase(host, preinstalled.packages, context);
  const resolver = await findResolver();
  await applyNetwork(host, lab, resolver, context);
  if (!record) await writeRecord(host, lab, {...definition, baseKey: base.key});
  await createDisks(lab, base, host, resolver, preinstalled, context);

  const results = await Promise.allSettled(lab.machines.map((machine) => bringUp(lab, machine, base, context)));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const known = errors.filter((error) => error instanceof Hw5Error);
  if (errors.length > 0) throw errors.length > 1 && known.length === errors.length ? new Hw5Errors(known) : errors[0];
  return lab;
}

/** A disk is a layer over one certain base, and worth nothing over another. */
async function existingBase(host: LabHost, lab: Lab, key: string): Promise<Base> {
  const base = baseAt(host, key);
  if (await exists(base.tree)) return base;
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
  {signal}: LabContext,
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

async function bringUp(lab: Lab, machine: LabMachine, base: Base, {signal, report}: LabContext): Promise<void> {
  if (await findMachine(lab, machine)) {
    await plugIn(lab, machine, signal);
  } else {
    report({message: 'starting', machine: machine.name});
    await powerOff(lab, machine);
    await powerOn(lab, machine, base, signal);
  }
  await untilSshAnswers(lab, machine, signal);
  report({message: `answers SSH at ${machine.address}`, machine: machine.name});
}
