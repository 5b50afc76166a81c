import {readFile} from 'node:fs/promises';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';
import {requireRoot} from './root.js';

const MINIMUM_KERNEL = [2, 6, 24];
const MODULES = ['xt_set', 'ip6_tables'];

/** `calicoctl node checksystem`: checks the kernel's version and modules. Exit code 1 when a required one is missing. */
export async function checkSystem(io: Io, args: readonly string[]): Promise<number> {
  parseFlags(['node', 'checksystem'], args, {});
  requireRoot(io);
  const release = (await io.run(['uname', '-r'])).stdout.trim();
  io.print('Checking kernel version...\n');
  const isNewEnough = isAtLeast(release, MINIMUM_KERNEL);
  io.print(resultLine(release, isNewEnough));
  io.print('Checking kernel modules...\n');
  const lists = [`/lib/modules/${release}/modules.dep`, `/lib/modules/${release}/modules.builtin`, '/proc/modules'];
  const known = (await Promise.all(lists.map((path) => readFile(path, 'utf8').catch(() => '')))).join('\n');
  const missing = MODULES.filter((name) => !hasModule(known, name));
  for (const name of MODULES) {
    if (missing.includes(name)) io.print(`WARNING: Unable to detect the ${name} module as Loaded/Builtin module or lsmod\n`);
    io.print(resultLine(name, !missing.includes(name)));
  }
  // IPv4 alone works without ip6_tables.
  if (isNewEnough && missing.every((name) => name === 'ip6_tables')) {
    io.print('System meets minimum system requirements to run Calico!\n');
    return 0;
  }
  io.print("System doesn't meet one or more minimum systems requirements to run Calico\n");
  return 1;
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

function hasModule(lists: string, name: string): boolean {
  return lists.split('\n').some((line) => new RegExp(`(^|/)${name}(\\.ko| |:|$)`).test(line));
}

function resultLine(what: string, isOk: boolean): string {
  return `\t\t${what.padEnd(20)}\t\t\t\t\t${isOk ? 'OK' : 'FAIL'}\n`;
}
