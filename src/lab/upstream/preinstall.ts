import {basename, join} from 'node:path';
import {emulators} from '../emulators.js';
import {joinPreinstalled, type Preinstalled, type PreinstalledFile} from '../preinstalled.js';
import {type CalicoBuild, readCalico} from './calico.js';
import {CALICO_MOUNT, type GivenUpstream, MESOS_IMAGE_MOUNT} from './given.js';
import type {ImageTar} from './image-tar.js';
import {type MesosBuild, readMesos} from './mesos.js';
import {RUNC_FILE} from './runc.js';

/**
 * What a lab's machines have preinstalled: the upstream systems that are given, and the emulators of the others.
 * @param directory that of the built emulators @throws Hw5Error where something is missing
 */
export async function preinstall(given: GivenUpstream, directory: string): Promise<Preinstalled> {
  const calico = given.calico === undefined ? undefined : await readCalico(given.calico);
  const mesos = given.mesos === undefined ? undefined : await readMesos(given.mesos);
  const replaced = [...(calico ? ['calico'] : []), ...(mesos ? ['mesos'] : [])];
  const upstream = upstreamPreinstalled(calico, mesos);
  return {...upstream, ...joinPreinstalled([await emulators(directory, replaced), upstream])};
}

/** The files that make a machine use what is mounted in it. Pure. */
export function upstreamPreinstalled(calico: CalicoBuild | undefined, mesos: MesosBuild | undefined): Preinstalled {
  const images = [
    ...(calico ? [{image: calico.image, at: join(CALICO_MOUNT, basename(calico.image.path))}] : []),
    ...(mesos?.kind === 'image' ? [{image: mesos.image, at: MESOS_IMAGE_MOUNT}] : []),
  ];
  return {
    packages: mesos?.kind === 'directory' ? mesos.packages : [],
    files: [...loadFiles(images), ...(mesos?.kind === 'directory' ? wrappers(mesos.programs) : [])],
    enable: [],
    cluster: {
      ...(calico ? {calicoctl: calico.calicoctl, nodeImage: calico.image.name} : {}),
      ...(mesos?.kind === 'image' ? {mesosImage: mesos.image.name} : {}),
    },
    upstream: [
      ...(calico ? [`calicoctl ${calico.version}`, calico.image.name] : []),
      ...(mesos === undefined ? [] : [mesos.kind === 'image' ? mesos.image.name : `Mesos in ${mesos.programs['mesos-master']}`]),
    ],
  };
}

/** As an administrator would who has no registry: each image is loaded when Docker has started, before anything needs it. */
function loadFiles(images: readonly {readonly image: ImageTar; readonly at: string}[]): PreinstalledFile[] {
  if (images.length === 0) return [];
  const lines = images.map(({image, at}) => `ExecStartPost=${LOAD_SCRIPT_PATH} ${image.name} ${image.id} "${at}"\n`);
  return [
    RUNC_FILE,
    {path: LOAD_SCRIPT_PATH, mode: 0o755, text: `#!/bin/sh\n${LOAD_SCRIPT}`},
    {path: '/etc/systemd/system/docker.service.d/lab-images.conf', mode: 0o644, text: `[Service]\n${lines.join('')}`},
  ];
}

const LOAD_SCRIPT_PATH = '/usr/local/lib/hw5-lab/load-image';
/** Arguments: name, id, file. */
export const LOAD_SCRIPT = `set -eu
if [ "$(docker image inspect --format '{{.Id}}' "$1" 2>/dev/null)" = "$2" ]; then exit 0; fi
exec docker load --quiet --input "$3"
`;

/** Programs in the PATH that start those of the build, wherever it is. */
function wrappers(programs: Readonly<Record<string, string>>): PreinstalledFile[] {
  return Object.entries(programs).map(([name, path]) => ({
    path: `/usr/local/bin/${name}`,
    mode: 0o755,
    text: `#!/bin/sh\nexec '${path.replaceAll("'", String.raw`'\''`)}' "$@"\n`,
  }));
}
