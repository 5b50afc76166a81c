import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {run, tryRun} from './run.js';

export interface KeyPair {
  /** OpenSSH format. */
  readonly private: string;
  /** One line: type, key, comment. */
  readonly public: string;
}

/** A new ed25519 key pair without a passphrase. @param directory for temporary files, which only root can read */
export async function makeKeyPair(directory: string, comment: string, signal?: AbortSignal): Promise<KeyPair> {
  const work = await mkdtemp(join(directory, '.key-'));
  try {
    const path = join(work, 'key');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path], {signal});
    return {private: await readFile(path, 'utf8'), public: await readFile(`${path}.pub`, 'utf8')};
  } finally {
    await rm(work, {recursive: true, force: true});
  }
}

/** The public half of a private key, one line. @returns undefined when the file is missing or contains no complete key */
export async function publicHalf(privateFile: string, signal?: AbortSignal): Promise<string | undefined> {
  const {code, stdout} = await tryRun(['ssh-keygen', '-y', '-P', '', '-f', privateFile], {signal});
  return code === 0 ? stdout : undefined;
}

/** A line of known_hosts. */
export function knownHost(address: string, publicKey: string): string {
  return `${address} ${publicKey.split(' ').slice(0, 2).join(' ').trim()}\n`;
}
