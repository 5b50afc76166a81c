import {chmod, chown, copyFile, link, rename} from 'node:fs/promises';
import {join} from 'node:path';
import {replaceFile} from '../support/replace-file.js';
import {type Base, exists} from './base/base.js';
import {clusterYaml} from './cluster-file.js';
import type {LabHost} from './host.js';
import {makeKeyPair, publicHalf} from './keys.js';
import type {Lab} from './lab.js';
import {createMachine, type DiskParts, findCreated} from './machine/create.js';
import {powerOff} from './machine/power.js';
import {readIfPresent, writePublicFile} from './public-path.js';

/** Makes the disks that are missing, and the files by which the lab is used. @returns whether a disk was missing */
export async function createDisks(lab: Lab, parts: DiskParts): Promise<boolean> {
  const {base, host, preinstalled} = parts;
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
  await copyFile(preinstalled.cluster?.calicoctl ?? join(host.emulators, 'calico/calicoctl'), lab.files.calicoctl);
  await chmod(lab.files.calicoctl, 0o755);
  // The user may have changed it, and `hw5 scale` does.
  if (!(await readIfPresent(lab.files.cluster))) {
    await writePublicFile(lab.files.cluster, clusterYaml(lab, await readableTar(lab, base, host), preinstalled.cluster));
  }
  if (!host.owner) return isMade;
  const secrets = lab.machines
    .filter((machine) => lab.sudoPassword.includes(machine.name))
    .map((machine) => machine.sudoPasswordFile);
  // The user may change the cluster file, and `hw5 scale` does it for them.
  for (const path of [lab.files.key, lab.files.cluster, ...secrets]) await chown(path, host.owner.uid, host.owner.gid);
  return isMade;
}

/** Makes the key that may log in, where it is missing or truncated. @returns its public half */
export async function ensureKey(lab: Lab, signal: AbortSignal | undefined): Promise<string> {
  const known = await publicHalf(lab.files.key, signal);
  if (known !== undefined) return known;
  const pair = await makeKeyPair(lab.directory, `hw5 lab ${lab.name}`, signal);
  await replaceFile(lab.files.key, pair.private, {mode: 0o600});
  return pair.public;
}

/** Contains the public half of the key that all machines accept. */
export function knownKey(lab: Lab): string {
  return `${lab.files.key}.pub`;
}

/** False where disks may have been made with another key, which was lost. */
export async function isKnown(lab: Lab, publicKey: string): Promise<boolean> {
  return (await readIfPresent(knownKey(lab))) === publicKey;
}

/** The path of the base image's tar for the lab's user: with sudo the cache is in root's home, which they cannot read. */
async function readableTar(lab: Lab, base: Base, host: LabHost): Promise<string> {
  if (!host.owner) return base.tar;
  const path = join(lab.directory, 'base.tar');
  if (await exists(path)) return path;
  // A hard link is impossible across file systems.
  await link(base.tar, path).catch(async () => {
    await copyFile(base.tar, `${path}.new`);
    await rename(`${path}.new`, path);
  });
  return path;
}
