import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {clusterFile, findCluster} from '../../../src/cli/cluster-file.js';
import type {CliContext} from '../../../src/cli/context.js';
import type {GlobalOptions} from '../../../src/cli/options.js';
import {ConfigError, Hw5Errors} from '../../../src/support/errors.js';

describe('the cluster file of a command', () => {
  let cwd: string;
  const at = (name: string): string => join(cwd, name);
  const context = (env: CliContext['env'] = {}): CliContext => ({cwd, env, home: cwd}) as unknown as CliContext;
  const choose = (options: GlobalOptions, env?: CliContext['env']) => clusterFile(options, context(env));

  beforeEach(async () => {
    cwd = await realpath(await mkdtemp(join(tmpdir(), 'hw5-cluster-file-')));
    for (const name of ['cluster.yaml', 'named.yaml', 'option.yaml']) await writeFile(at(name), 'nodes: [198.18.0.10]\n');
  });
  afterEach(() => rm(cwd, {recursive: true}));

  it('is ./cluster.yaml by default; HW5_CLUSTER overrides that, and -f overrides HW5_CLUSTER', async () => {
    expect(await choose({})).toBe(at('cluster.yaml'));
    expect(await choose({}, {HW5_CLUSTER: 'named.yaml'})).toBe(at('named.yaml'));
    expect(await choose({file: 'option.yaml'}, {HW5_CLUSTER: 'named.yaml'})).toBe(at('option.yaml'));
    expect(await choose({file: at('option.yaml')})).toBe(at('option.yaml'));
    expect(await choose({}, {HW5_CLUSTER: ''})).toBe(at('cluster.yaml'));
  });

  it('cannot be given by -f and --lab together', async () => {
    for (const lab of [{lab: true}, {labName: 'other'}]) {
      await expect(choose({file: 'option.yaml', ...lab})).rejects.toThrow('-f and --lab exclude each other');
    }
  });

  it("is the lab's with --lab, which overrides HW5_CLUSTER; a lab that does not exist is an error", async () => {
    const error = choose({labName: 'no-such-lab-here'}, {HW5_CLUSTER: 'named.yaml'});
    await expect(error).rejects.toMatchObject({
      message: 'the cluster file /var/lib/hw5/labs/no-such-lab-here/cluster.yaml does not exist',
      hint: 'make the lab first: `hw5 lab up --name no-such-lab-here`',
      exitCode: 2,
    });
  });

  it("is never outside the labs' directory, whatever the name of the lab contains", async () => {
    await expect(choose({labName: '../../etc'})).rejects.toMatchObject({
      message: '"../../etc" is not a valid name for a lab',
      exitCode: 2,
    });
  });

  it.each<[string, GlobalOptions, CliContext['env'], string]>([
    ['-f', {file: 'none.yaml'}, {}, 'check the path'],
    ['HW5_CLUSTER', {}, {HW5_CLUSTER: 'none.yaml'}, 'the environment variable HW5_CLUSTER names it'],
    ['nothing', {}, {HW5_CLUSTER: undefined}, 'name a cluster file with -f FILE, --lab or HW5_CLUSTER'],
  ])('must exist when it is chosen by %s', async (_, options, env, hint) => {
    await rm(at('cluster.yaml'));
    await expect(choose(options, env)).rejects.toMatchObject({exitCode: 2, hint: expect.stringContaining(hint)});
  });

  it('is read; mistakes in it are configuration errors', async () => {
    expect((await findCluster({}, context())).nodes[0]!.address).toBe('198.18.0.10');
    await writeFile(at('cluster.yaml'), 'nodes: [198.18.0.10]\nnmae: x\n');
    const error = await findCluster({}, context()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Hw5Errors);
    expect((error as Hw5Errors).errors[0]).toBeInstanceOf(ConfigError);
    expect((error as Hw5Errors).exitCode).toBe(2);
  });

  it('that is a directory is reported as one', async () => {
    await mkdir(at('directory'));
    await expect(findCluster({file: 'directory'}, context())).rejects.toMatchObject({
      message: 'this is a directory, not a file',
      exitCode: 2,
    });
  });
});
