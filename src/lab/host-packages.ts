import {access} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error} from '../support/errors.js';

/** The Debian packages that the lab needs on the host, each with a program or file that shows that it is installed. */
const NEEDED = [
  {package: 'debootstrap', program: 'debootstrap'},
  {package: 'systemd-container', program: 'systemd-nspawn'},
  {package: 'iptables', program: 'iptables'},
  {package: 'iproute2', program: 'ip'},
  {package: 'util-linux', program: 'nsenter'},
  {package: 'mount', program: 'mount'},
  {package: 'openssh-client', program: 'ssh-keygen'},
  {package: 'perl-base', program: 'perl'},
  {package: 'tar', program: 'tar'},
  {package: 'debian-archive-keyring', program: '/usr/share/keyrings/debian-archive-keyring.gpg'},
] as const;

/** The Debian packages that the lab needs on the host. */
export const HOST_PACKAGES: readonly string[] = NEEDED.map((each) => each.package);

const SEARCHED = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Those of HOST_PACKAGES that are not installed. */
export async function missingHostPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const need of NEEDED) {
    const places = need.program.startsWith('/') ? [need.program] : SEARCHED.map((directory) => join(directory, need.program));
    const found = await Promise.all(
      places.map((place) =>
        access(place).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (!found.includes(true)) missing.push(need.package);
  }
  return missing;
}

/** @throws Hw5Error with the names of missing packages and the command that installs them */
export async function requireHostPackages(): Promise<void> {
  const missing = await missingHostPackages();
  if (missing.length === 0) return;
  throw new Hw5Error(`the lab needs ${missing.join(', ')} on this host`, {
    hint: `apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  });
}
