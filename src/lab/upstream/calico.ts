import {constants} from 'node:fs';
import {access, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error} from '../../support/errors.js';
import {type RunResult, tryRun} from '../run.js';
import {IMAGE_TAR, type ImageTar, readImageTar} from './image-tar.js';

/** A directory with a build of upstream Calico. */
export interface CalicoBuild {
  readonly calicoctl: string;
  /** As `calicoctl version` prints it. */
  readonly version: string;
  readonly image: ImageTar;
}

const HINT = 'it must contain the program `calicoctl` and the image of the node, one file *.tar of `docker save`';
const VERSION_LIMIT_MS = 30_000;

/** Reads a directory that `hw5 lab up --calico` names. @throws Hw5Error with what it lacks */
export async function readCalico(directory: string): Promise<CalicoBuild> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Hw5Error(`the directory of Calico, ${directory}, cannot be read`, {cause, hint: HINT});
  });
  const tars = names.filter((name) => IMAGE_TAR.test(name)).sort();
  const missing = [...(names.includes('calicoctl') ? [] : ['calicoctl']), ...(tars.length === 0 ? ['an image tar'] : [])];
  if (missing.length > 0) throw new Hw5Error(`${directory} lacks ${missing.join(' and ')}`, {hint: HINT});
  if (tars.length > 1) {
    throw new Hw5Error(`${directory} has several image tars: ${tars.join(', ')}`, {hint: 'leave only that of the node'});
  }
  const calicoctl = join(directory, 'calicoctl');
  return {calicoctl, version: await calicoctlVersion(calicoctl), image: await readImageTar(join(directory, tars[0]!))};
}

async function calicoctlVersion(calicoctl: string): Promise<string> {
  const fail = (problem: string, cause?: unknown): Hw5Error =>
    new Hw5Error(`${calicoctl} ${problem}`, {cause, hint: 'it must be the program for Linux on this architecture'});
  await access(calicoctl, constants.X_OK).catch((cause: unknown) => {
    throw fail('is not executable', cause);
  });
  let result: RunResult;
  try {
    // nothing listens there: 1.6.5 prints its own version first, and then tries to reach etcd
    const env = {ETCD_ENDPOINTS: 'http://127.0.0.1:1', PATH: '/usr/local/bin:/usr/bin:/bin'};
    result = await tryRun([calicoctl, 'version'], {env, signal: AbortSignal.timeout(VERSION_LIMIT_MS)});
  } catch (error) {
    throw fail('cannot be run', error);
  }
  // `Client Version:    v1.6.5`, `Version:      v1.2.0`
  const version = /Version:\s+(v\S+)/.exec(result.stdout)?.[1];
  if (version === undefined) throw fail(`version prints no version: ${(result.stdout + result.stderr).trim().slice(0, 200)}`);
  return version;
}
