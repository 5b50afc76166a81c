import {createHash} from 'node:crypto';
import {mkdir, mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/cluster/cluster.js';
import {prepareInputs} from '../../../src/components/prepare.js';
import {generateSecrets} from '../../../src/components/secrets/generate-secrets.js';
import {clusterOf} from './situation.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the inputs of a run', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-prepare-'));
    await mkdir(at('programs'));
    for (const name of ['configurable-http-proxy', 'hw5-scheduler']) await writeFile(at(`programs/${name}`), name);
  });
  afterEach(() => rm(directory, {recursive: true}));

  const prepare = (cluster: Cluster) => prepareInputs(cluster, {cacheDir: at('cache'), now: 4711, programs: at('programs')});
  const settings = (part: Partial<Cluster>): Cluster => ({...clusterOf(), ...part});
  const base = clusterOf();

  it('are programs with their hashes, images named by content, the time', async () => {
    const {programs, images, now, calicoctl, chosenToken, mesosSecret} = await prepare(base);
    expect(programs['hw5-scheduler']).toEqual({path: at('programs/hw5-scheduler'), sha256: sha256('hw5-scheduler')});
    expect(images.specs.map(({name, tag}) => tag.startsWith(`${name}:`))).toEqual([true, true]);
    expect([images.baseTag, images.baseTar, images.isCached, now]).toEqual(['debian:bookworm-slim', undefined, false, 4711]);
    expect([calicoctl, chosenToken, mesosSecret]).toEqual([undefined, undefined, undefined]);
  });

  it('are images with other tags when the base or the user changes', async () => {
    const tags = async (cluster: Cluster) => (await prepare(cluster)).images.specs.map(({tag}) => tag).join();
    const first = await tags(base);
    expect(await tags(base)).toBe(first);
    expect(await tags(settings({images: {...base.images, user: 'other'}}))).not.toBe(first);
    expect(await tags(settings({images: {...base.images, base: {name: 'debian:trixie'}}}))).not.toBe(first);
  });

  it('identify the cached images by their content', async () => {
    const {cacheFile} = (await prepare(base)).images;
    await mkdir(join(cacheFile, '..'), {recursive: true});
    await writeFile(cacheFile, '');
    expect((await prepare(base)).images.isCached).toBe(true);
    expect((await prepare(settings({images: {...base.images, user: 'other'}}))).images.isCached).toBe(false);
  });

  it('name an imported base by its content, which is cached until the file changes', async () => {
    const cluster = settings({images: {...base.images, base: {import: at('root.tar')}}});
    await writeFile(at('root.tar'), 'one');
    const one = (await prepare(cluster)).images;
    expect(one).toMatchObject({baseTag: `hw5-base:${sha256('one').slice(0, 12)}`, baseTar: at('root.tar')});
    const [note] = await readdir(at('cache/hashes'));
    await writeFile(at(`cache/hashes/${note}`), 'f'.repeat(64));
    expect((await prepare(cluster)).images.baseTag).toBe(`hw5-base:${'f'.repeat(12)}`);
    await writeFile(at('root.tar'), 'three');
    expect((await prepare(cluster)).images.baseTag).toBe(`hw5-base:${sha256('three').slice(0, 12)}`);
  });

  it('are secrets from files, without the newline that editors add', async () => {
    await writeFile(at('token'), 'chosen by me\n');
    const inputs = await prepare(settings({framework: {...base.framework, tokenFile: at('token')}}));
    expect(inputs.chosenToken?.reveal()).toBe('chosen by me');
    expect(JSON.stringify(inputs)).not.toContain('chosen by me');
  });

  it('fail with how to build a program that is missing', async () => {
    await rm(at('programs/hw5-scheduler'));
    await expect(prepare(base)).rejects.toMatchObject({hint: expect.stringContaining('npm run build')});
  });
});

describe('generated secrets', () => {
  it('differ each time, are long, and are not printed', () => {
    const [one, two] = [generateSecrets(), generateSecrets()];
    const values = [one, two].flatMap((all) =>
      [all.token, all.proxyToken, all.clientKey.private, all.hostKey.private].map((one) => one.reveal()),
    );
    expect(new Set(values).size).toBe(8);
    expect(one.token.reveal()).toMatch(/^[0-9a-f]{48}$/);
    expect(one.clientKey.private.reveal()).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(one.clientKey.public).toMatch(/^ssh-ed25519 \S+ hw5 jupyter/);
    for (const value of values) expect(JSON.stringify(one)).not.toContain(value);
  });
});
