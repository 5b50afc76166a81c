import {access} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import type {Cluster} from '../cluster/cluster.js';
import {loadCluster} from '../cluster/load.js';
import {labHost} from '../lab/host.js';
import {DEFAULT_LAB, defineLab} from '../lab/lab.js';
import {UsageError} from '../support/errors.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';

/** The path of the cluster file: from `-f FILE`, `--lab`, `--lab-name NAME`, $HW5_CLUSTER or ./cluster.yaml, in this order. @throws UsageError */
export async function clusterFile(options: GlobalOptions, context: CliContext): Promise<string> {
  const lab = options.labName ?? (options.lab ? DEFAULT_LAB.name : undefined);
  if (options.file !== undefined && lab !== undefined)
    throw new UsageError('-f and --lab exclude each other', {hint: 'leave one out'});
  if (options.file !== undefined) return existing(resolve(context.cwd, options.file), 'check the path');
  if (lab !== undefined) {
    const {name} = defineLab({name: lab});
    return existing(join(labHost(context.env, context.home).state, name, 'cluster.yaml'), makeLab(name));
  }
  const named = context.env['HW5_CLUSTER'];
  if (named) return existing(resolve(context.cwd, named), 'the environment variable HW5_CLUSTER names it');
  return existing(
    resolve(context.cwd, 'cluster.yaml'),
    'name a cluster file with -f FILE, --lab or HW5_CLUSTER; cluster.example.yaml is an example',
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
    throw new UsageError(`the cluster file ${path} does not exist`, {hint});
  }
}

/** Finds, reads and checks the cluster file. @param checkUploads whether files that the cluster file names must exist, because the command uploads them */
export async function findCluster(options: GlobalOptions, context: CliContext, checkUploads = false): Promise<Cluster> {
  return loadCluster(await clusterFile(options, context), {env: context.env, home: context.home, checkUploads});
}
