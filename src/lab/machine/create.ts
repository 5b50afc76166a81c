import {randomBytes} from 'node:crypto';
import {chmod, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error} from '../../support/errors.js';
import type {Base} from '../base/base.js';
import type {LabHost} from '../host.js';
import {knownHost, makeKeyPair} from '../keys.js';
import {LAB_USER, type Lab, type LabMachine} from '../lab.js';
import type {Resolver} from '../network/resolver.js';
import type {Preinstalled} from '../preinstalled.js';
import {readIfPresent, writePublicFile} from '../public-path.js';
import {run} from '../run.js';
import {MACHINE_LINKS, MACHINE_UNITS, machineFiles} from './files.js';
import {MACHINE_DIRECTORIES} from './launch-script.js';
import {writeFiles, writeLinks} from './provision.js';

/** What a disk is made of. */
export interface DiskParts {
  readonly base: Base;
  readonly host: LabHost;
  readonly resolver: Resolver;
  readonly authorizedKeys: string;
  readonly preinstalled: Preinstalled;
  readonly answerLimitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Contains the machine's line of known_hosts. It is written last: a disk with it is complete. */
function createdMark(machine: LabMachine): string {
  return join(machine.directory, 'created');
}

/** The line of known_hosts of a machine whose disk is complete. @returns undefined when the disk has to be made, also where the file is truncated */
export async function findCreated(machine: LabMachine): Promise<string | undefined> {
  const line = await readIfPresent(createdMark(machine));
  return line?.startsWith(`${machine.address} ssh-`) && line.endsWith('\n') ? line : undefined;
}

/** Makes the disk of a machine that is off, and removes what an interrupted attempt left. @returns its line of known_hosts */
export async function createMachine(lab: Lab, machine: LabMachine, parts: DiskParts): Promise<string> {
  await rm(machine.directory, {recursive: true, force: true});
  await mkdir(machine.directory, {recursive: true, mode: 0o700});
  for (const name of MACHINE_DIRECTORIES) await mkdir(join(machine.directory, name), {recursive: true});
  // It becomes the machine's root directory: its mode must not depend on the umask.
  await chmod(join(machine.directory, 'upper'), 0o755);
  const layers = {lower: parts.base.tree, upper: join(machine.directory, 'upper')};
  const hostKey = await makeKeyPair(machine.directory, `root@${machine.name}`, parts.signal);
  const isSudoAsking = lab.sudoPassword.includes(machine.name);
  const files = machineFiles(lab, machine, {
    machineId: randomBytes(16).toString('hex'),
    hostKey: hostKey.private,
    hostKeyPublic: hostKey.public,
    authorizedKeys: parts.authorizedKeys,
    resolvConf: parts.resolver.resolvConf,
    isSudoAsking,
  });
  const user = await findUser(layers.lower);
  await writeFiles(layers, [...files, ...parts.preinstalled.files], user);
  await writeLinks(layers, MACHINE_LINKS);
  await writeFile(join(machine.directory, 'units'), [...MACHINE_UNITS, ...parts.preinstalled.enable].join('\n'));
  if (isSudoAsking) await setPassword(machine, layers, parts.signal);
  const line = knownHost(machine.address, hostKey.public);
  // First the disk, then the file that marks it complete: a power failure must not leave only the latter.
  await run(['sync', '-f', machine.directory], {signal: parts.signal});
  await writePublicFile(createdMark(machine), line);
  return line;
}

/** The login user's ids in the base. */
export async function findUser(tree: string): Promise<{uid: number; gid: number}> {
  const passwd = await readFile(join(tree, 'etc/passwd'), 'utf8');
  const match = new RegExp(`^${LAB_USER}:[^:]*:(\\d+):(\\d+):`, 'm').exec(passwd);
  if (!match)
    throw new Hw5Error(`the base file system has no user ${LAB_USER}`, {hint: 'remove it from the cache and try again'});
  return {uid: Number(match[1]), gid: Number(match[2])};
}

/** Sets a random password for the login user, and stores it on the host for the tools that connect to the machine. */
async function setPassword(
  machine: LabMachine,
  layers: {readonly lower: string; readonly upper: string},
  signal?: AbortSignal,
): Promise<void> {
  const password = randomBytes(18).toString('base64url');
  await rm(machine.sudoPasswordFile, {force: true});
  await writeFile(machine.sudoPasswordFile, password, {mode: 0o600});
  // Node has no crypt(3); perl-base is on every Debian. The password goes by standard input.
  const salt = randomBytes(12).toString('hex');
  const hash = await run(['perl', '-e', 'print crypt(<STDIN>, shift)', `$6$${salt}$`], {stdin: password, signal});
  const shadow = await readFile(join(layers.lower, 'etc/shadow'), 'utf8');
  const text = shadow.replace(new RegExp(`^(${LAB_USER}):[^:]*:`, 'm'), (_, user: string) => `${user}:${hash}:`);
  // Group shadow (42 on every Debian), so that the tools of the machine find it as they expect.
  await writeFiles(layers, [{path: '/etc/shadow', mode: 0o640, text, ownedByUser: true}], {uid: 0, gid: 42});
}
