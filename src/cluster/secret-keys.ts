import type {Path} from './finding.js';
import {nearest} from './nearest.js';

const WORDS = ['password', 'passwd', 'passphrase', 'secret', 'token', 'privatekey', 'sudopassword'] as const;

/** Whether an unknown key was probably meant for a secret itself (`password`), not for the place of one (`passwordEnv`). */
export function isSecretKey(key: string): boolean {
  const word = key.replaceAll(/[-_]/g, '').toLowerCase();
  return WORDS.some((secret) => word.endsWith(secret)) || nearest(word, WORDS) !== undefined;
}

/** The hint for a secret in the cluster file. */
export function secretHint(path: Path, key: string): string {
  if (/^sudo/i.test(key)) return 'use `sudoPasswordEnv: VARIABLE`, or `sudoPasswordFile:` with a file of mode 0600';
  const section = path.findLast((part) => typeof part === 'string');
  const fallback = 'use `passwordEnv: VARIABLE` under ssh, `secretFile` under mesos or `tokenFile` under framework';
  return SECTION_HINTS[section ?? ''] ?? fallback;
}

const SECTION_HINTS: Readonly<Record<string, string>> = {
  ssh: 'use `passwordEnv: VARIABLE` and set that environment variable to the password, or `key:` with a key file',
  jump: 'for a jump host, use `key:` with a key file, or the SSH agent',
  nodes: 'use `ssh: {passwordEnv: VARIABLE}` and set that environment variable to the password',
  mesos: 'use `secretFile:` with a file of mode 0600 that contains the secret',
  framework: 'use `tokenFile:` with a file of mode 0600 that contains the token; without it hw5 generates a random one',
};
