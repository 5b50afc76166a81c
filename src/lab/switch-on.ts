import {Hw5Error, Hw5Errors} from '../support/errors.js';
import {isKnown, knownKey} from './disks.js';
import type {Lab, LabMachine} from './lab.js';
import {bringUp} from './machine/bring-up.js';
import type {DiskParts} from './machine/create.js';
import {authorizedKeysFile, resolvConfFile} from './machine/files.js';
import {writePublicFile} from './public-path.js';
import type {DoPart} from './report.js';

/** Switches machines on whose disks exist, or repairs those that are on, with this build's files. @returns once they answer SSH */
export async function switchOn(
  lab: Lab,
  machines: readonly LabMachine[],
  part: DoPart,
  {base, resolver, authorizedKeys, preinstalled, signal, answerLimitMs}: DiskParts,
): Promise<void> {
  // The host may have changed networks since the disks were made, and the lab's rules admit only the resolvers that it has now.
  const files = [...preinstalled.files, resolvConfFile(resolver.resolvConf)];
  if (!(await isKnown(lab, authorizedKeys))) files.push(authorizedKeysFile(authorizedKeys));
  const results = await Promise.allSettled(
    machines.map((machine) =>
      part('machine', machine.name, (report) => bringUp(lab, machine, {base, files, report, signal, answerLimitMs})),
    ),
  );
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const known = errors.filter((error) => error instanceof Hw5Error);
  if (errors.length > 0) throw errors.length > 1 && known.length === errors.length ? new Hw5Errors(known) : errors[0];
  await writePublicFile(knownKey(lab), authorizedKeys);
}
