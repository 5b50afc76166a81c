import {readFile, stat} from 'node:fs/promises';
import {Hw5Error} from '../support/errors.js';

/**
 * Reads a file with a secret.
 * @param what names it in errors: `the key file`
 * @throws Hw5Error when it is missing or unreadable, or when group or others have any permission on it (as ssh does)
 */
export async function readPrivateFile(what: string, path: string): Promise<Buffer> {
  try {
    const {mode} = await stat(path);
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw new Hw5Error(`${what} ${path} is accessible to other users (mode ${octal})`, {
        hint: `restrict it: chmod 600 ${path}`,
      });
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof Hw5Error) throw error;
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Hw5Error(`${what} ${path} does not exist`, {cause: error});
    throw new Hw5Error(`${what} ${path} cannot be read: ${message}`, {cause: error});
  }
}
