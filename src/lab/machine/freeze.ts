import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {TimeoutError} from '../../support/errors.js';
import {exists} from '../base/base.js';
import type {Lab} from '../lab.js';
import {type Hierarchy, hierarchies} from './cgroups.js';
import {machineCgroup} from './launch-script.js';
import {unitCgroup} from './systemd-host.js';

/**
 * Freezes the cgroups of "$@" (their control files), prints "frozen" and thaws them when standard input is closed: also when the process that
 * holds its other end is killed.
 */
export const FREEZE_SCRIPT = `
trap '' INT TERM HUP
set_all() { v2=$1; v1=$2; shift 2; for file in "$@"; do case $file in */cgroup.freeze) echo "$v2" > "$file" ;; *) echo "$v1" > "$file" ;; esac; done; }
is_frozen() { case $1 in */cgroup.freeze) grep -q '^frozen 1' "\${1%freeze}events" ;; *) [ "$(cat "$1")" = FROZEN ] ;; esac; }
set_all 1 FROZEN "$@"
attempts=0
for file in "$@"; do
  until is_frozen "$file"; do
    attempts=$((attempts + 1))
    if [ $attempts -gt 500 ]; then set_all 0 THAWED "$@"; exit 1; fi
    sleep 0.02
  done
done
echo frozen
read -r _
set_all 0 THAWED "$@"
`;

/**
 * Suspends all processes of a lab's machines, so that their disks can be copied as of one moment. They are resumed when the result is disposed
 * of, and also when this process exits or is killed.
 */
export async function freezeMachines(lab: Lab): Promise<AsyncDisposable> {
  const files = await freezerFiles(lab);
  if (files.length === 0) return {[Symbol.asyncDispose]: async () => undefined};
  // in a session of its own, which Ctrl-C does not reach
  const guard = spawn('sh', ['-c', FREEZE_SCRIPT, 'sh', ...files], {stdio: ['pipe', 'pipe', 'inherit'], detached: true});
  const exited = once(guard, 'exit');
  const [line] = (await Promise.race([once(guard.stdout, 'data'), exited])) as [unknown];
  if (String(line).trim() !== 'frozen') {
    throw new TimeoutError('the machines cannot be stopped for a copy of their disks', {
      hint: 'switch them off with `hw5 lab power off` and try again',
    });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      guard.stdin.end();
      await exited;
    },
  };
}

/** Resumes the machines that an interrupted save left suspended. */
export async function thawMachines(lab: Lab): Promise<void> {
  for (const file of await freezerFiles(lab)) {
    await writeFile(file, file.endsWith('/cgroup.freeze') ? '0' : 'THAWED').catch((error: NodeJS.ErrnoException) => {
      // the machine was switched off in the meantime
      if (error.code !== 'ENOENT' && error.code !== 'ENODEV') throw error;
    });
  }
}

/** The control files that freeze the cgroups of a lab's machines: one kind of freezer, as a process frozen by one never reports to the other. */
async function freezerFiles(lab: Lab): Promise<string[]> {
  const all = await hierarchies();
  const cgroups = lab.machines.flatMap((machine) => [machineCgroup(lab, machine), unitCgroup(lab, machine)]);
  const under = async (version: Hierarchy['version'], name: string): Promise<string[]> => {
    const paths = all
      .filter((hierarchy) => hierarchy.version === version)
      .flatMap(({mount}) => cgroups.map((cgroup) => join(mount, cgroup, name)));
    const found = await Promise.all(paths.map(exists));
    return paths.filter((_, index) => found[index]);
  };
  const v1 = await under(1, 'freezer.state');
  return v1.length > 0 ? v1 : under(2, 'cgroup.freeze');
}
