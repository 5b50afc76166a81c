import {basename} from 'node:path';
import * as z from 'zod';
import {Hw5Error} from '../../support/errors.js';
import {tryRun} from '../run.js';

/** An image in a file, as `docker save` writes it. */
export interface ImageTar {
  readonly path: string;
  /** Its repository and tag. */
  readonly name: string;
  /** As Docker prints it: `sha256:…`. */
  readonly id: string;
  /** Its ENTRYPOINT; empty where it has none. */
  readonly entryPoint: readonly string[];
}

/** The names that `docker load` reads, compressed or not. */
export const IMAGE_TAR = /\.(tar|tar\.gz|tgz)$/;

const manifestSchema = z.tuple([z.object({Config: z.string(), RepoTags: z.array(z.string()).nullish()})]);
const configSchema = z.object({config: z.object({Entrypoint: z.array(z.string()).nullish()}).nullish()});

/** Reads what an image tar contains. @throws Hw5Error where it is not a tar of one image with a name */
export async function readImageTar(path: string): Promise<ImageTar> {
  const manifest = manifestSchema.safeParse(await member(path, 'manifest.json'));
  if (!manifest.success) {
    throw new Hw5Error(`${path} is not the tar of one image`, {
      cause: manifest.error,
      hint: 'write it with `docker save --output FILE REPOSITORY:TAG`',
    });
  }
  const [{Config: config, RepoTags: names}] = manifest.data;
  const name = names?.[0];
  if (name === undefined) {
    throw new Hw5Error(`the image in ${path} has no name`, {
      hint: 'write it with `docker save --output FILE REPOSITORY:TAG`: the name, not the id',
    });
  }
  const read = configSchema.safeParse(await member(path, config));
  if (!read.success) throw new Hw5Error(`the configuration of the image in ${path} cannot be read`, {cause: read.error});
  return {path, name, id: `sha256:${basename(config, '.json')}`, entryPoint: read.data.config?.Entrypoint ?? []};
}

/** @returns the parsed JSON of a member of a tar; undefined where it is missing or no JSON */
async function member(path: string, name: string): Promise<unknown> {
  const {code, stdout} = await tryRun(['tar', '--extract', '--to-stdout', `--file=${path}`, name]);
  if (code !== 0) return undefined;
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
