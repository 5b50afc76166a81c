import {access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {useCached} from '../../support/cache.js';
import {Hw5Error} from '../../support/errors.js';
import {lock} from '../../support/lock.js';
import type {LabHost} from '../host.js';
import {LAB_USER} from '../lab.js';
import type {Report} from '../report.js';
import {run} from '../run.js';
import {debianSources, SUITE} from './apt-sources.js';
import {BUILD_SCRIPT, buildEnvironment} from './build-script.js';
import {type BaseRecipe, neededAptSettings, recipeKey, SERVER_PACKAGES} from './recipe.js';

/** What all machines of all labs are made from. */
export interface Base {
  readonly key: string;
  readonly directory: string;
  /** The lower layer of every machine's disk; never written to. */
  readonly tree: string;
  /** A bare Debian as tar, for `docker import`. */
  readonly tar: string;
}

const BUILD_LIMIT_MS = 30 * 60_000;

interface BuildOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** The base file system, built when it is not in the cache. An interrupted build leaves nothing that could be taken for a complete one. */
export async function ensureBase(host: LabHost, packages: readonly string[], options: BuildOptions): Promise<Base> {
  const recipe = await chooseRecipe(packages);
  const base = baseAt(host, recipeKey(recipe));
  if (await useCached(base.directory)) return base;
  await using _ = await lock(`the base file system ${base.key}`, BUILD_LIMIT_MS, {
    signal: options.signal,
    onWait: () => options.report('waiting for another hw5 that is building the base file system'),
  });
  if (!(await useCached(base.directory))) await build(recipe, base, host, options);
  return base;
}

/** The key of the base that a new lab would get. */
export async function currentKey(packages: readonly string[]): Promise<string> {
  return recipeKey(await chooseRecipe(packages));
}

/** Where the base of a key is, built or not. */
export function baseAt(host: LabHost, key: string): Base {
  const directory = join(host.cache, key);
  return {key, directory, tree: join(directory, 'tree'), tar: join(directory, 'base.tar')};
}

async function chooseRecipe(packages: readonly string[]): Promise<BaseRecipe> {
  const directory = '/etc/apt/sources.list.d';
  const names = await readdir(directory).catch(() => []);
  const paths = [
    '/etc/apt/sources.list',
    ...names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(directory, name)),
  ];
  const files = await Promise.all(paths.map(async (name) => ({name, text: await readFile(name, 'utf8').catch(() => '')})));
  return {
    suite: SUITE,
    architecture: (await run(['dpkg', '--print-architecture'])).trim(),
    sources: debianSources(files),
    aptSettings: neededAptSettings(await run(['apt-config', 'dump', 'Acquire'])),
    packages: [...SERVER_PACKAGES, ...packages],
    user: LAB_USER,
  };
}

async function build(recipe: BaseRecipe, base: Base, host: LabHost, {report, signal}: BuildOptions): Promise<void> {
  await mkdir(host.cache, {recursive: true});
  const prefix = `.${base.key}-`;
  // This process has the lock: such directories were left by builds that were killed.
  for (const name of await readdir(host.cache)) {
    if (name.startsWith(prefix)) await rm(join(host.cache, name), {recursive: true, force: true});
  }
  const directory = await mkdtemp(join(host.cache, prefix));
  try {
    report(`building the base file system from ${recipe.sources[0]?.uri} (once, a minute or two)`);
    const inside = ['sh', '-c', `cd "$0" && ${BUILD_SCRIPT}`, directory];
    await run(['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', ...inside], {
      signal,
      // unshare ignores other signals while it waits for its child, which is killed with it.
      killSignal: 'SIGKILL',
      env: buildEnvironment(recipe),
      onLine: (line) => {
        if (line.startsWith('hw5: ')) report(`base file system: ${line.slice('hw5: '.length)}`);
      },
      hint: `check that ${recipe.sources[0]?.uri} can be reached from this host`,
    });
    // base.tar must be readable for the lab's user; mkdtemp makes the directory with 0700.
    await chmod(directory, 0o755);
    await rename(directory, base.directory);
  } catch (error) {
    await rm(directory, {recursive: true, force: true});
    throw error;
  }
  if (!(await exists(base.tar))) throw new Hw5Error(`the build left no ${base.tar}`);
}

/** True when the path exists. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
