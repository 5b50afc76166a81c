import {isAbsolute} from 'node:path';
import {UsageError} from '../../support/errors.js';
import {IMAGE_TAR} from './image-tar.js';

/** The upstream systems that a lab has in place of emulators: absolute paths on the host. */
export interface GivenUpstream {
  /** A directory with calicoctl and the node's image. */
  readonly calico?: string | undefined;
  /** A directory with Mesos's programs, or an image tar with them. */
  readonly mesos?: string | undefined;
}

/** A file or directory of the host that every machine sees, read-only. */
export interface Mount {
  readonly from: string;
  readonly to: string;
}

/** Where the machines find Calico's directory, and Mesos's image. */
export const CALICO_MOUNT = '/opt/hw5-lab/calico';
export const MESOS_IMAGE_MOUNT = '/opt/hw5-lab/mesos.tar';

/** Directories that a machine has its own content in, so that a mount there would hide it or be hidden. */
const OCCUPIED =
  /^\/((dev|proc|run|sys|tmp|var\/lib\/docker)(\/.*)?|bin|boot|etc|home|lib|lib64|opt|root|sbin|srv|usr|usr\/(bin|lib|local|local\/bin|sbin|share)|var|var\/lib)?$/;

/** @throws UsageError for a path that the machines cannot see in its place */
export function checkGiven({calico, mesos}: GivenUpstream): void {
  for (const [option, path] of [
    ['--calico', calico],
    ['--mesos', mesos],
  ] as const) {
    if (path !== undefined && !isAbsolute(path)) throw new UsageError(`${option} needs an absolute path, not "${path}"`);
  }
  if (mesos !== undefined && !IMAGE_TAR.test(mesos) && OCCUPIED.test(mesos)) {
    throw new UsageError(`the machines cannot have Mesos in ${mesos}: they have their own files there`, {
      hint: 'Mesos has to be where it was built for: build it with `--prefix=/opt/mesos`, and give that directory',
    });
  }
}

/** What the machines see of the host. Mesos's directory is at its own path, which is compiled into its programs. Pure. */
export function mountsOf({calico, mesos}: GivenUpstream): readonly Mount[] {
  return [
    ...(calico === undefined ? [] : [{from: calico, to: CALICO_MOUNT}]),
    ...(mesos === undefined ? [] : [{from: mesos, to: IMAGE_TAR.test(mesos) ? MESOS_IMAGE_MOUNT : mesos}]),
  ];
}
