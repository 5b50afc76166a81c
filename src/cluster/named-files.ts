import {access, constants, stat} from 'node:fs/promises';
import type {Draft} from './complete.js';
import type {Context} from './context.js';
import type {Path, Problem} from './problem.js';

/** A file on this computer that the YAML names. */
interface NamedFile {
  readonly path: Path;
  readonly file: string;
  /** Nobody but its owner may read it. */
  readonly isSecret: boolean;
}

/** The files the YAML names are there, can be read, and keep their secrets. @param brings those too that go to the hosts */
export async function checkFiles(draft: Draft, context: Context, brings: boolean): Promise<Problem[]> {
  const problems = await Promise.all(namedFiles(draft, context, brings).map(checkFile));
  return problems.flat();
}

function namedFiles({input}: Draft, context: Context, brings: boolean): NamedFile[] {
  const files: NamedFile[] = [];
  const add = (path: Path, name: string | undefined, isSecret: boolean): void => {
    if (name !== undefined) files.push({path, file: context.file(name), isSecret});
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
  add(['calico', 'calicoctl', 'path'], input.calico?.calicoctl?.path, false);
  add(['images', 'base', 'import'], input.images?.base?.import, false);
  add(['mesos', 'secretFile'], input.mesos?.secretFile, true);
  add(['framework', 'tokenFile'], input.framework?.tokenFile, true);
  return files;
}

async function checkFile({path, file, isSecret}: NamedFile): Promise<Problem[]> {
  const fault = (message: string, hint: string): Problem[] => [{path, message: `${file} ${message}`, hint}];
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
  return isReadable ? [] : fault('cannot be read', 'see its owner and mode');
}
