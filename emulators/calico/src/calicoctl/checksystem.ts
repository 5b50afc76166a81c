import {readFile} from 'node:fs/promises';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';
import {requireRoot} from './root.js';

const MINIMUM_KERNEL = '2.6.24';
const MODULES = ['xt_set', 'ip6_tables'];

/** `calicoctl node checksystem`: checks the kernel's version and modules. Exit code 1 when a required one is missing. */
export async function checkSystem(
  io: Io,
  args: readonly string[],
  readList: (path: string) => Promise<string> = (path) => readFile(path, 'utf8').catch(() => ''),
): Promise<number> {
  parseFlags(['node', 'checksystem'], args, {});
  requireRoot(io);
  const release = (await io.run(['uname', '-r'])).stdout.trim();
  io.print('Checking kernel version...\n');
  const isNewEnough = isAtLeast(release, MINIMUM_KERNEL.split('.').map(Number));
  io.print(resultLine(release, isNewEnough));
  if (!isNewEnough) io.print(`Minimum kernel version to run Calico is ${MINIMUM_KERNEL}. Detected kernel version: ${release}\n`);
  io.print('Checking kernel modules...\n');
  const hasModules = await checkModules(io, release, readList);
  if (isNewEnough && hasModules) {
    io.print('System meets minimum system requirements to run Calico!\n');
    return 0;
  }
  io.print("System doesn't meet one or more minimum systems requirements to run Calico\n");
  return 1;
}

async function checkModules(io: Io, release: string, readList: (path: string) => Promise<string>): Promise<boolean> {
  const loaded = await io.run(['lsmod']);
  // also where the modules are built in: upstream does not look further without lsmod
  if (loaded.code !== 0) {
    io.print(`Error executing command: ${loaded.code === 127 ? loaded.stderr.trim() : `exit status ${loaded.code}`}\n`);
    return false;
  }
  const files = ['modules.dep', 'modules.builtin'].map((name) => readList(`/lib/modules/${release}/${name}`));
  const available = (await Promise.all(files)).join('\n');
  const missing = MODULES.filter((name) => !available.includes(`/${name}.ko`) && !loaded.stdout.includes(name));
  for (const name of MODULES) {
    if (missing.includes(name)) io.print(`WARNING: Unable to detect the ${name} module as Loaded/Builtin module or lsmod\n`);
    io.print(resultLine(name, !missing.includes(name)));
  }
  // IPv4 alone works without ip6_tables
  if (missing.length === 1 && missing[0] === 'ip6_tables') {
    io.print('WARNING: IPv6 will be unavailable as ip6_tables kernel module is not found\n');
    return true;
  }
  return missing.length === 0;
}

/** Whether a kernel release, as `6.1.0-13-amd64`, is at least the version `minimum`. */
export function isAtLeast(release: string, minimum: readonly number[]): boolean {
  const version = release.split(/[.-]/).map(Number);
  for (const [i, least] of minimum.entries()) {
    const part = version[i] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function resultLine(what: string, isOk: boolean): string {
  return `\t\t${what.padEnd(20)}\t\t\t\t\t${isOk ? 'OK' : 'FAIL'}\n`;
}
