import {access} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Cluster} from '../cluster/cluster.js';
import {loadCluster} from '../cluster/load.js';
import {labHost} from '../lab/host.js';
import {DEFAULT_LAB, defineLab} from '../lab/lab.js';
import {UsageError} from '../support/errors.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';

/** Which cluster is meant: `-f FILE`, `--lab [name]`, $HW5_CLUSTER, ./cluster.yaml, in this order. @throws UsageError, Hw5Error. */
export async function clusterFile(options: GlobalOptions, context: CliContext): Promise<string> {
  const lab = options.labName ?? (options.lab ? DEFAULT_LAB.name : undefined);
  if (options.file !== undefined && lab !== undefined)
    throw new UsageError('-f and --lab exclude each other', {hint: 'leave one out'});
  if (options.file !== undefined) return existing(resolve(context.cwd, options.file), 'is the path right?');
  if (lab !== undefined) {
    const {name} = defineLab({name: lab});
    return existing(join(labHost(context.env, context.home).state, name, 'cluster.yaml'), makeLab(name));
  }
  const named = context.env['HW5_CLUSTER'];
  if (named) return existing(resolve(context.cwd, named), 'it is what HW5_CLUSTER names');
  return existing(
    resolve(context.cwd, 'cluster.yaml'),
    'name a cluster with -f FILE, --lab, or HW5_CLUSTER; cluster.example.yaml shows what one looks like',
  );
}

function makeLab(lab: string): string {
  return `make the lab first: \`hw5 lab up${lab === DEFAULT_LAB.name ? '' : ` --name ${lab}`}\``;
}

async function existing(path: string, hint: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return path;
    throw new UsageError(`there is no cluster file ${path}`, {hint});
  }
}

/** Finds, reads and checks the cluster file. @param brings whether the command needs the files that go to the hosts */
export async function findCluster(options: GlobalOptions, context: CliContext, brings = false): Promise<Cluster> {
  return loadCluster(await clusterFile(options, context), {env: context.env, home: context.home, checkUploads: brings});
}
