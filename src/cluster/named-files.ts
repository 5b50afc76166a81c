import {access, constants, readFile, stat} from 'node:fs/promises';
import {fileSha256} from '../support/sha256.js';
import type {Draft} from './complete.js';
import type {Context} from './context.js';
import type {ConfigFinding, Path} from './finding.js';

/** A file on the controller that the cluster file refers to. */
interface NamedFile {
  readonly path: Path;
  readonly file: string;
  /** Whether only its owner may have access. */
  readonly isSecret: boolean;
  /** Checks the content of a readable file. */
  readonly check?: ((file: string) => Promise<readonly ConfigFinding[]>) | undefined;
}

/** The minimum length of a token: a shorter one could be guessed, and Jupyter treats an empty one as no token. */
const TOKEN_LENGTH = 8;

/** Checks that the files that the cluster file refers to exist, are readable, and are private if they contain secrets. @param checkUploads also those that `up` uploads */
export async function checkFiles(draft: Draft, context: Context, checkUploads: boolean): Promise<ConfigFinding[]> {
  const findings = await Promise.all(namedFiles(draft, context, checkUploads).map(checkFile));
  return findings.flat();
}

function namedFiles({input}: Draft, context: Context, checkUploads: boolean): NamedFile[] {
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
  if (!checkUploads) return files;
  add(['calico', 'calicoctl', 'path'], input.calico?.calicoctl?.path, false, checkSum(input.calico?.calicoctl?.sha256));
  add(['images', 'base', 'import'], input.images?.base?.import, false);
  add(['mesos', 'secretFile'], input.mesos?.secretFile, true);
  add(['framework', 'tokenFile'], input.framework?.tokenFile, true, checkToken);
  return files;
}

/** Checks that calicoctl has the pinned checksum. */
function checkSum(expected: string | undefined): NamedFile['check'] {
  if (expected === undefined) return undefined;
  return async (file) => {
    const found = await fileSha256(file);
    if (found === expected.toLowerCase()) return [];
    const hint = `its checksum is ${found}: check that it is the right file, or correct the checksum`;
    return [{path: ['calico', 'calicoctl', 'sha256'], message: `is not the checksum of ${file}`, hint}];
  };
}

async function checkToken(file: string): Promise<readonly ConfigFinding[]> {
  const {length} = (await readFile(file, 'utf8')).trim();
  if (length >= TOKEN_LENGTH) return [];
  const hint = `write at least ${TOKEN_LENGTH} characters into it, for example with \`openssl rand -hex 24 > ${file}\``;
  return [{path: ['framework', 'tokenFile'], message: `the token in ${file} has fewer than ${TOKEN_LENGTH} characters`, hint}];
}

async function checkFile({path, file, isSecret, check}: NamedFile): Promise<readonly ConfigFinding[]> {
  const finding = (message: string, hint: string): ConfigFinding[] => [{path, message: `${file} ${message}`, hint}];
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT' || found.code === 'ENOTDIR') {
      return finding(
        'does not exist',
        'create the file or correct the path; relative paths start at the directory of the cluster file',
      );
    }
    return finding(`cannot be accessed (${found.code})`, 'check the permissions of the directories above it');
  }
  if (!found.isFile()) return finding('is not a file', 'write the path of a file');
  if (isSecret && (found.mode & 0o077) !== 0) return finding('is accessible to other users', `restrict it: chmod 600 ${file}`);
  const isReadable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!isReadable) return finding('cannot be read', 'check its owner and mode, or use sudo');
  return check ? check(file) : [];
}
