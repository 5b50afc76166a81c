import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {sha256} from '../../support/sha256.js';
import type {Base} from './base.js';

/** Which packages are installed in which versions, and how users and groups are numbered. */
const FILES = ['var/lib/dpkg/status', 'etc/passwd', 'etc/group'];

/**
 * A digest of what a base file system contains. Two bases with the same recipe differ when Debian released a package in between, and a disk
 * made over one is then not usable over the other. Two bases with the same digest are interchangeable, also on different hosts.
 */
export async function baseIdentity(base: Base): Promise<string> {
  const contents = await Promise.all(FILES.map((file) => readFile(join(base.tree, file))));
  return sha256(...contents).slice(0, 16);
}
