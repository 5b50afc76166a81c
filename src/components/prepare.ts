import {access, mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Cluster} from '../cluster/cluster.js';
import type {Inputs, LocalFile} from '../engine/inputs.js';
import {Secret} from '../host/command.js';
import {pruneCache, useCached} from '../support/cache.js';
import {Hw5Error} from '../support/errors.js';
import {fileSha256, sha256} from '../support/sha256.js';
import {packageFile} from '../support/template.js';
import type {Component} from './component.js';
import {imageSpecs} from './images/image-specs.js';
import {COMPONENTS} from './index.js';
import {generateSecrets} from './secrets/generate-secrets.js';

/**
 * Reads a run's inputs from the controller. `loadCluster` has checked that the files exist that the cluster file names.
 * @throws Hw5Error when a program is missing
 */
export async function prepareInputs(
  cluster: Cluster,
  options: {
    readonly cacheDir: string;
    /** ms since the epoch */
    readonly now: number;
    /** Whose programs are read; default: all. */
    readonly components?: readonly Component[];
    /** The directory of the bundles; default: where `npm run build` puts them. */
    readonly programs?: string;
  },
): Promise<Inputs> {
  const {cacheDir, components = COMPONENTS, programs: directory = packageFile('dist/programs')} = options;
  const names = components.flatMap((component) => component.programs ?? []);
  const programs = await Promise.all(names.map(async (name) => [name, await program(join(directory, name))] as const));
  const {name: baseName, import: baseTar} = cluster.images.base;
  const baseHash = baseTar === undefined ? undefined : await cachedHash(baseTar, cacheDir);
  const baseTag = baseHash === undefined ? baseName! : `hw5-base:${baseHash.slice(0, 12)}`;
  const specs = imageSpecs({
    templates: packageFile('templates/images'),
    base: baseTag,
    baseIdentity: baseHash ?? baseTag,
    userName: cluster.images.user,
  });
  const cacheFile = join(cacheDir, 'images', `${specs.map((spec) => spec.key.slice(0, 12)).join('-')}.tar`);
  const {path} = cluster.calico.calicoctl;
  const calicoctl = path === undefined ? undefined : await localFile(path);
  return {
    programs: Object.fromEntries(programs),
    calicoctl,
    images: {specs, baseTag, baseTar, cacheFile, isCached: await useCached(cacheFile)},
    secrets: generateSecrets(),
    chosenToken: await secretFrom(cluster.framework.tokenFile),
    mesosSecret: await secretFrom(cluster.mesos.secretFile),
    now: options.now,
  };
}

/** The inputs of a run that installs nothing. @param now ms since the epoch */
export function emptyInputs(now: number): Inputs {
  return {
    programs: {},
    calicoctl: undefined,
    images: {specs: [], baseTag: 'hw5-base:none', baseTar: undefined, cacheFile: '', isCached: false},
    secrets: generateSecrets(),
    chosenToken: undefined,
    mesosSecret: undefined,
    now,
  };
}

/** Removes built images that no cluster has used for a day. @param now ms since the epoch */
export async function pruneImages(cacheDir: string, now: number): Promise<void> {
  for (const directory of ['images', 'hashes']) await pruneCache(join(cacheDir, directory), now);
}

async function program(path: string): Promise<LocalFile> {
  if (!(await exists(path))) throw new Hw5Error(`${path} is missing`, {hint: 'run `npm run build` in the directory of hw5'});
  return localFile(path);
}

async function localFile(path: string): Promise<LocalFile> {
  return {path, sha256: await fileSha256(path)};
}

/** The hash of a large file, cached for as long as its size and modification time are the same. */
async function cachedHash(path: string, cacheDir: string): Promise<string> {
  const {size, mtimeMs} = await stat(path);
  const id = sha256(JSON.stringify([path, size, mtimeMs])).slice(0, 32);
  const cached = join(cacheDir, 'hashes', id);
  if (await useCached(cached)) return readFile(cached, 'utf8');
  const hash = await fileSha256(path);
  await mkdir(join(cacheDir, 'hashes'), {recursive: true});
  await writeFile(cached, hash);
  return hash;
}

async function secretFrom(path: string | undefined): Promise<Secret | undefined> {
  return path === undefined ? undefined : new Secret((await readFile(path, 'utf8')).trim());
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
