import type {Path} from './finding.js';
import {nearest} from './nearest.js';

const WORDS = ['password', 'passwd', 'passphrase', 'secret', 'token', 'privatekey', 'sudopassword'] as const;

/** Whether an unknown key is meant for a secret itself, and not for the place of one as `passwordEnv` is. */
export function isSecretKey(key: string): boolean {
  const word = key.replaceAll(/[-_]/g, '').toLowerCase();
  return WORDS.some((secret) => word.endsWith(secret)) || nearest(word, WORDS) !== undefined;
}

/** The mend for a secret written into the file. */
export function secretHint(path: Path, key: string): string {
  if (/^sudo/i.test(key)) return 'use `sudoPasswordEnv: VARIABLE`, or `sudoPasswordFile:` with a file of mode 0600';
  const section = path.findLast((part) => typeof part === 'string');
  const fallback = 'use `passwordEnv: VARIABLE` under ssh, `secretFile` under mesos or `tokenFile` under framework';
  return SECTION_HINTS[section ?? ''] ?? fallback;
}

const SECTION_HINTS: Readonly<Record<string, string>> = {
  ssh: 'use `passwordEnv: VARIABLE` and put the password into that environment variable, or `key:` with a key file',
  jump: 'the jump host takes a key: `key:` with a key file, or the SSH agent',
  nodes: 'use `ssh: {passwordEnv: VARIABLE}` and put the password into that environment variable',
  mesos: 'use `secretFile:` with a file of mode 0600 that holds the secret',
  framework: 'use `tokenFile:` with a file of mode 0600 that holds the token; without it hw5 makes a random one',
};
