import type {Path} from './problem.js';

/** The mend for a secret written into the file; undefined when the key does not sound like one. */
export function secretHint(path: Path, key: string): string | undefined {
  if (!/passw|passphrase|secret|token|privatekey/i.test(key.replaceAll(/[-_]/g, ''))) return undefined;
  const section = path.findLast((part) => typeof part === 'string');
  const hint = SECTION_HINTS[`${section ?? ''}`];
  if (/sudo/i.test(key)) return 'use `sudoPasswordEnv: VARIABLE`, or `sudoPasswordFile:` with a file of mode 0600';
  return hint ?? 'use `passwordEnv: VARIABLE` under ssh, `secretFile` under mesos or `tokenFile` under framework';
}

const SECTION_HINTS: Readonly<Record<string, string>> = {
  ssh: 'use `passwordEnv: VARIABLE` and put the password into that environment variable, or `key:` with a key file',
  jump: 'the jump host takes a key: `key:` with a key file, or the SSH agent',
  nodes: 'use `ssh: {passwordEnv: VARIABLE}` and put the password into that environment variable',
  mesos: 'use `secretFile:` with a file of mode 0600 that holds the secret',
  framework: 'use `tokenFile:` with a file of mode 0600 that holds the token; without it hw5 makes a random one',
};
