import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {access, mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {Cluster} from '../cluster/cluster.js';
import {Secret} from '../host/command.js';
import {imageSpecs} from '../images/image-specs.js';
import type {Inputs, LocalFile} from '../step/inputs.js';
import {pruneCache, useCached} from '../support/cache.js';
import {ConfigError, Hw5Error} from '../support/errors.js';
import {packageFile} from '../support/template.js';
import {freshSecrets} from './fresh-secrets.js';

/** The shortest token that is taken. */
const TOKEN_LENGTH = 8;

/** Programs that hw5 brings to the hosts: bundles made by `npm run build`. */
const CARRIED = ['configurable-http-proxy', 'hw5-scheduler'];

/** Reads everything the controller brings to a run. @throws ConfigError when a file that the cluster names is missing. */
export async function prepareInputs(
  cluster: Cluster,
  options: {
    readonly cacheDir: string;
    /** ms since the epoch */
    readonly now: number;
    /** The folder of the bundles; default: where `npm run build` puts them. */
    readonly programs?: string;
  },
): Promise<Inputs> {
  const {cacheDir, programs: folder = packageFile('dist/programs')} = options;
  const programs = await Promise.all(CARRIED.map(async (name) => [name, await program(join(folder, name))] as const));
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
  if (calicoctl && cluster.calico.calicoctl.sha256 && calicoctl.sha256 !== cluster.calico.calicoctl.sha256) {
    throw new ConfigError(
      `calico.calicoctl.sha256 is not that of ${path}`,
      {file: path!},
      {hint: `it is ${calicoctl.sha256}: is it the file you meant?`},
    );
  }
  return {
    programs: Object.fromEntries(programs),
    calicoctl,
    images: {specs, baseTag, baseTar, cacheFile, isCached: await useCached(cacheFile)},
    secrets: freshSecrets(),
    chosenToken: checkedToken(await secretFrom(cluster.framework.tokenFile), cluster.framework.tokenFile),
    mesosSecret: await secretFrom(cluster.mesos.secretFile),
    now: options.now,
  };
}

/** What a run brings that only takes away: nothing. @param now ms since the epoch */
export function emptyInputs(now: number): Inputs {
  return {
    programs: {},
    calicoctl: undefined,
    images: {specs: [], baseTag: 'hw5-base:none', baseTar: undefined, cacheFile: '', isCached: false},
    secrets: freshSecrets(),
    chosenToken: undefined,
    mesosSecret: undefined,
    now,
  };
}

/** Removes built images that no cluster has used for a day. @param now ms since the epoch */
export async function pruneImages(cacheDir: string, now: number): Promise<void> {
  for (const folder of ['images', 'hashes']) await pruneCache(join(cacheDir, folder), now);
}

async function program(path: string): Promise<LocalFile> {
  if (!(await isThere(path))) throw new Hw5Error(`${path} is missing`, {hint: 'run `npm run build` in the folder of hw5'});
  return localFile(path);
}

async function localFile(path: string): Promise<LocalFile> {
  return {path, sha256: await sha256(path)};
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, {highWaterMark: 1 << 20}), hash);
  return hash.digest('hex');
}

/** The hash of a large file, remembered for as long as its size and time stay the same. */
async function cachedHash(path: string, cacheDir: string): Promise<string> {
  const {size, mtimeMs} = await stat(path);
  const id = createHash('sha256')
    .update(JSON.stringify([path, size, mtimeMs]))
    .digest('hex')
    .slice(0, 32);
  const note = join(cacheDir, 'hashes', id);
  if (await useCached(note)) return readFile(note, 'utf8');
  const hash = await sha256(path);
  await mkdir(join(cacheDir, 'hashes'), {recursive: true});
  await writeFile(note, hash);
  return hash;
}

/** @throws ConfigError for one that could be guessed, or that Jupyter would take for none. */
function checkedToken(token: Secret | undefined, file: string | undefined): Secret | undefined {
  if (token === undefined || token.reveal().length >= TOKEN_LENGTH) return token;
  const hint = `write at least ${TOKEN_LENGTH} characters into it, e.g. \`openssl rand -hex 24 > ${file}\``;
  throw new ConfigError(
    `the token in ${file} has fewer than ${TOKEN_LENGTH} characters`,
    {file: file!, path: 'framework.tokenFile'},
    {hint},
  );
}

async function secretFrom(path: string | undefined): Promise<Secret | undefined> {
  return path === undefined ? undefined : new Secret((await readFile(path, 'utf8')).trim());
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
