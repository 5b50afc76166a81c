import {access, constants, readFile, stat} from 'node:fs/promises';
import {fileSha256} from '../support/sha256.js';
import type {Draft} from './complete.js';
import type {Context} from './context.js';
import type {ConfigFinding, Path} from './finding.js';

/** A file on this computer that the YAML names. */
interface NamedFile {
  readonly path: Path;
  readonly file: string;
  /** Nobody but its owner may read it. */
  readonly isSecret: boolean;
  /** What is wrong with its content, once it can be read. */
  readonly check?: ((file: string) => Promise<readonly ConfigFinding[]>) | undefined;
}

/** The shortest token that is taken: a shorter one could be guessed, and Jupyter takes an empty one for none. */
const TOKEN_LENGTH = 8;

/** The files the YAML names are there, can be read, and keep their secrets. @param brings those too that go to the hosts */
export async function checkFiles(draft: Draft, context: Context, brings: boolean): Promise<ConfigFinding[]> {
  const findings = await Promise.all(namedFiles(draft, context, brings).map(checkFile));
  return findings.flat();
}

function namedFiles({input}: Draft, context: Context, brings: boolean): NamedFile[] {
  const files: NamedFile[] = [];
  const add = (path: Path, name: string | undefined, isSecret: boolean, check?: NamedFile['check']): void => {
    if (name !== undefined) files.push({path, file: context.file(name), isSecret, check});
  };
  const logins = [
    {ssh: input.ssh, at: ['ssh'] as Path},
    ...(input.nodes ?? []).map(({ssh}, index) => ({ssh, at: ['nodes', index, 'ssh'] as Path})),
  ];
  for (const {ssh, at} of logins) {
    add([...at, 'key'], ssh?.key, true);
    add([...at, 'jump', 'key'], ssh?.jump?.key, true);
    add([...at, 'sudoPasswordFile'], ssh?.sudoPasswordFile, true);
  }
  if (!brings) return files;
  add(['calico', 'calicoctl', 'path'], input.calico?.calicoctl?.path, false, checkSum(input.calico?.calicoctl?.sha256));
  add(['images', 'base', 'import'], input.images?.base?.import, false);
  add(['mesos', 'secretFile'], input.mesos?.secretFile, true);
  add(['framework', 'tokenFile'], input.framework?.tokenFile, true, checkToken);
  return files;
}

/** That calicoctl is the pinned one. */
function checkSum(wanted: string | undefined): NamedFile['check'] {
  if (wanted === undefined) return undefined;
  return async (file) => {
    const found = await fileSha256(file);
    if (found === wanted.toLowerCase()) return [];
    const hint = `it is ${found}: is it the file you meant?`;
    return [{path: ['calico', 'calicoctl', 'sha256'], message: `is not that of ${file}`, hint}];
  };
}

async function checkToken(file: string): Promise<readonly ConfigFinding[]> {
  const {length} = (await readFile(file, 'utf8')).trim();
  if (length >= TOKEN_LENGTH) return [];
  const hint = `write at least ${TOKEN_LENGTH} characters into it, e.g. \`openssl rand -hex 24 > ${file}\``;
  return [{path: ['framework', 'tokenFile'], message: `the token in ${file} has fewer than ${TOKEN_LENGTH} characters`, hint}];
}

async function checkFile({path, file, isSecret, check}: NamedFile): Promise<readonly ConfigFinding[]> {
  const fault = (message: string, hint: string): ConfigFinding[] => [{path, message: `${file} ${message}`, hint}];
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT' || found.code === 'ENOTDIR') {
      return fault('does not exist', 'relative paths start at the folder of the cluster file; make the file or correct the path');
    }
    return fault(`cannot be looked at (${found.code})`, 'see the permissions of the folders above it');
  }
  if (!found.isFile()) return fault('is not a file', 'name the file itself');
  if (isSecret && (found.mode & 0o077) !== 0) return fault('can be read by others', `chmod 600 ${file}`);
  const isReadable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!isReadable) return fault('cannot be read', 'see its owner and mode');
  return check ? check(file) : [];
}
