/** An ssh container of the cluster, as the notebook shows it. */
export interface Container {
  readonly name: string;
  readonly address: string;
}

/** Where docker-jupyter's entrypoint puts what it finds at /run/hw5: the paths the ssh client in the container sees. */
const IN_CONTAINER = '/run/hw5-user';
/** All ssh containers share one host key, so one line knows them all, however many there will be. */
const HOST_KEY_ALIAS = 'hw5-ssh';

/** tasks.json: the list the starter notebook shows and runs commands on. */
export function tasksJson(containers: readonly Container[]): string {
  return `${JSON.stringify(
    containers.map(({name, address}) => ({name, address})),
    null,
    2,
  )}\n`;
}

/** ssh_config: with it `ssh ssh-1`, and `ssh` to its address, asks nothing and accepts only the cluster's host key. */
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
