import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {npmFile} from '../../support/npm-file.js';
import {sha256} from '../../support/sha256.js';
import {type TarFile, tar} from './tar.js';

export interface ImageOptions {
  /** The directory that contains a build context for each image: templates/images. */
  readonly templates: string;
  /** What docker-ssh is built FROM: a name that Docker on the builder knows. */
  readonly base: string;
  /** Identifies the base even if another has the same name: its image id or its tar's hash. */
  readonly baseIdentity: string;
  /** The user inside the containers. */
  readonly userName: string;
}

/** An image to build: `docker build --build-arg NAME=VALUE … -t TAG -` with the context on stdin. */
export interface ImageSpec {
  readonly name: 'docker-ssh' | 'docker-jupyter';
  /** A hash of context, build arguments and base, in hex: images with the same key are the same. */
  readonly key: string;
  /** `NAME:KEY`, the key shortened. */
  readonly tag: string;
  /** The image that must be built before. */
  readonly dependsOn?: ImageSpec['name'];
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The build context as a tar archive. */
  context(): Buffer;
}

/**
 * The files of docker-jupyter from hw5's own dependencies: the terminal emulator, which Debian 12's Jupyter is packaged without.
 * Name in the build context -> file of a package.
 */
const FROM_PACKAGES = {
  'xterm.js': '@xterm/xterm/lib/xterm.js',
  'xterm.css': '@xterm/xterm/css/xterm.css',
  'addon-fit.js': '@xterm/addon-fit/lib/addon-fit.js',
};

/** The images of a cluster, in the order to build them in. Reads the templates and three files of packages. */
export function imageSpecs({templates, base, baseIdentity, userName}: ImageOptions): readonly [ImageSpec, ImageSpec] {
  const ssh = spec('docker-ssh', filesOf(join(templates, 'docker-ssh')), {BASE: base, USER_NAME: userName}, baseIdentity);
  const jupyterFiles = [...filesOf(join(templates, 'docker-jupyter')), ...filesOfPackages()];
  const jupyter = spec('docker-jupyter', jupyterFiles, {BASE: ssh.tag}, ssh.key);
  return [ssh, {...jupyter, dependsOn: ssh.name}];
}

function spec(name: ImageSpec['name'], files: TarFile[], buildArgs: Record<string, string>, baseIdentity: string): ImageSpec {
  const context = tar(files);
  const key = sha256(JSON.stringify([name, baseIdentity, Object.entries(buildArgs).sort()]), context);
  return {name, key, tag: `${name}:${key.slice(0, 12)}`, buildArgs, context: () => context};
}

/** Of the mode only the owner's x is used: the rest depends on the umask under which hw5 was installed, and would change the key. */
function filesOf(directory: string): TarFile[] {
  return readdirSync(directory).map((path) => {
    const file = join(directory, path);
    return {path, mode: statSync(file).mode & 0o100 ? 0o755 : 0o644, content: readFileSync(file)};
  });
}

function filesOfPackages(): TarFile[] {
  return Object.entries(FROM_PACKAGES).map(([path, file]) => ({path, mode: 0o644, content: readFileSync(npmFile(file))}));
}
