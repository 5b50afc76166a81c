import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Base} from './base.js';

/** Which packages are installed in which versions, and how users and groups are numbered. */
const FILES = ['var/lib/dpkg/status', 'etc/passwd', 'etc/group'];

/**
 * A digest of what a base file system contains. Two bases with the same recipe differ when Debian released a package in between, and a disk
 * made over one is then not usable over the other. Two bases with the same digest are interchangeable, also on different hosts.
 */
export async function baseIdentity(base: Base): Promise<string> {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(await readFile(join(base.tree, file)));
  return hash.digest('hex').slice(0, 16);
}
