/** An ssh container of the cluster. */
export interface Container {
  readonly name: string;
  readonly address: string;
}

/** The directory in the container into which docker-jupyter's entrypoint copies the files of /run/hw5. */
const IN_CONTAINER = '/run/hw5-user';
/** All ssh containers share one host key, so that one line of known_hosts is enough. */
const HOST_KEY_ALIAS = 'hw5-ssh';

/** tasks.json: the containers that the starter notebook shows and runs commands on. */
export function tasksJson(containers: readonly Container[]): string {
  return `${JSON.stringify(
    containers.map(({name, address}) => ({name, address})),
    null,
    2,
  )}\n`;
}

/** ssh_config: with it `ssh ssh-1`, and `ssh` to its address, prompts for nothing and accepts only the cluster's host key. */
export function sshConfig(sshContainers: readonly Container[], user: string): string {
  const hosts = sshContainers.map(
    ({name, address}) => `Host ${name} ${address}
  HostName ${address}
  User ${user}
  IdentityFile ${IN_CONTAINER}/id_ed25519
  IdentitiesOnly yes
  HostKeyAlias ${HOST_KEY_ALIAS}
  UserKnownHostsFile ${IN_CONTAINER}/known_hosts
  StrictHostKeyChecking yes
  ConnectTimeout 10
`,
  );
  return `${hosts.join('\n')}`;
}

/** known_hosts, from the host's public key as in its .pub file (`ssh-ed25519 AAAA… comment`). */
export function knownHosts(hostPublicKey: string): string {
  const [type, key] = hostPublicKey.trim().split(/\s+/);
  return `${HOST_KEY_ALIAS} ${type} ${key}\n`;
}
