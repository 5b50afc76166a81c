import {constants} from 'node:fs';
import {access, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error} from '../../support/errors.js';
import {IMAGE_TAR, type ImageTar, readImageTar} from './image-tar.js';

/** Upstream Mesos as an installed directory, or as an image. */
export type MesosBuild =
  | {
      readonly kind: 'directory';
      /** Absolute paths of mesos-master and mesos-agent. */
      readonly programs: Readonly<Record<(typeof PROGRAMS)[number], string>>;
      /** Debian packages that they need. */
      readonly packages: readonly string[];
    }
  | {readonly kind: 'image'; readonly image: ImageTar};

const PROGRAMS = ['mesos-master', 'mesos-agent'] as const;
/** Where `make install` and a build without it leave them. */
const PLACES = ['sbin', 'bin', '.'] as const;
const HINT = 'it must contain mesos-master and mesos-agent, in sbin/, in bin/ or itself, or be the image tar that contains them';

/** Reads what `hw5 lab up --mesos` names. @throws Hw5Error with what is missing */
export async function readMesos(path: string): Promise<MesosBuild> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Hw5Error(`${path}, where Mesos should be, cannot be read`, {cause, hint: HINT});
  });
  if (!found.isDirectory()) return {kind: 'image', image: await readMesosImage(path)};
  const programs = Object.fromEntries(
    await Promise.all(PROGRAMS.map(async (name) => [name, await findProgram(path, name)] as const)),
  );
  const missing = PROGRAMS.filter((name) => programs[name] === undefined);
  if (missing.length > 0) throw new Hw5Error(`${path} lacks ${missing.join(' and ')} (executable)`, {hint: HINT});
  return {
    kind: 'directory',
    programs: programs as Record<(typeof PROGRAMS)[number], string>,
    packages: await readPackages(join(path, 'packages')),
  };
}

async function readMesosImage(path: string): Promise<ImageTar> {
  if (!IMAGE_TAR.test(path)) throw new Hw5Error(`${path} is neither a directory nor an image tar`, {hint: HINT});
  const image = await readImageTar(path);
  if (image.entryPoint.length > 0) {
    throw new Hw5Error(`the image ${image.name} in ${path} has an ENTRYPOINT: ${image.entryPoint.join(' ')}`, {
      hint: 'the agent starts its executors with `docker run IMAGE PROGRAM`: build the image with `ENTRYPOINT []`, or from one without it',
    });
  }
  return image;
}

async function findProgram(directory: string, name: string): Promise<string | undefined> {
  for (const place of PLACES) {
    const path = join(directory, place, name);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return undefined;
}

/** The names in the file `packages`, one a line, `#` before a comment. */
async function readPackages(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Hw5Error(`${path} cannot be read`, {cause: error});
  });
  const names = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
  const wrong = names.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name));
  if (wrong !== undefined) {
    throw new Hw5Error(`${path} contains "${wrong}", which is not the name of a Debian package`, {hint: 'write one name a line'});
  }
  return names;
}
