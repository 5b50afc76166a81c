import {readdir, readFile, rmdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

/** A mounted cgroup hierarchy. A host with cgroup v1 has one per controller, and possibly one of v2 as well. */
export interface Hierarchy {
  readonly mount: string;
  readonly version: 1 | 2;
}

/** @param mounts the content of /proc/self/mounts */
export function parseHierarchies(mounts: string): Hierarchy[] {
  return mounts.split('\n').flatMap((line): Hierarchy[] => {
    const [, mount = '', type] = line.split(' ');
    if (type === 'cgroup') return [{mount, version: 1}];
    return type === 'cgroup2' ? [{mount, version: 2}] : [];
  });
}

export async function hierarchies(): Promise<Hierarchy[]> {
  return parseHierarchies(await readFile('/proc/self/mounts', 'utf8'));
}

/** All processes in a cgroup and those below it, in any hierarchy. The cgroup is relative to the mounts. */
export async function processesIn(cgroup: string): Promise<number[]> {
  const found = new Set<number>();
  for (const {mount} of await hierarchies()) {
    for (const directory of await directoriesUnder(join(mount, cgroup))) {
      const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const pid of text.split('\n')) if (pid !== '' && pid !== '0') found.add(Number(pid));
    }
  }
  return [...found];
}

const REMOVE_ATTEMPTS = 50;

/** Removes a cgroup and all below it in every hierarchy. Its processes have been killed, but the kernel may not have removed them yet. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (const {mount} of await hierarchies()) {
    for (let attempt = 1; ; attempt += 1) {
      const directories = await directoriesUnder(join(mount, cgroup));
      if (directories.length === 0) break;
      try {
        for (const directory of directories.reverse()) await rmdir(directory);
      } catch (error) {
        if (attempt === REMOVE_ATTEMPTS) throw error;
        await sleep(20);
      }
    }
  }
}

/** Removes a cgroup where it exists and is empty: the parents that several machines or labs share. */
export async function removeEmptyCgroup(cgroup: string): Promise<void> {
  for (const {mount} of await hierarchies()) await rmdir(join(mount, cgroup)).catch(() => undefined);
}

/** The directory itself first, children after parents; empty when it does not exist. */
async function directoriesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, {withFileTypes: true}).catch(() => undefined);
  if (!entries) return [];
  const children = entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(children.map((entry) => directoriesUnder(join(directory, entry.name))));
  return [directory, ...below.flat()];
}
