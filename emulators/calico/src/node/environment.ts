/**
 * The settings that `calicoctl node run` passes to the services, in an EnvironmentFile of their systemd units. The variables have the names
 * of those of Calico's node container.
 */
export const ENVIRONMENT_FILE = '/etc/calico/hw5-lab.env';

export interface NodeEnvironment {
  readonly nodeName: string;
  /** The node's BGP address. */
  readonly address: string;
  /** The network recorded with it: the interface's if the address was detected, as `198.18.0.0/24`, else the address as a /32. */
  readonly network: string;
  readonly etcdEndpoints: readonly string[];
  readonly backend: 'bird' | 'none';
  readonly interfacePrefix: string;
  readonly isLibnetworkEnabled: boolean;
  readonly createsProfiles: boolean;
  readonly hasDefaultPools: boolean;
  readonly asNumber?: string;
  /** Has one directory per program. */
  readonly logDirectory: string;
}

/** The content of the environment file. */
export function renderEnvironment(environment: NodeEnvironment): string {
  const values: Record<string, string> = {
    NODENAME: environment.nodeName,
    IP: environment.address,
    NETWORK: environment.network,
    ETCD_ENDPOINTS: environment.etcdEndpoints.join(','),
    CALICO_NETWORKING_BACKEND: environment.backend,
    CALICO_LIBNETWORK_IFPREFIX: environment.interfacePrefix,
    CALICO_LIBNETWORK_ENABLED: String(environment.isLibnetworkEnabled),
    CALICO_LIBNETWORK_CREATE_PROFILES: String(environment.createsProfiles),
    CALICO_LOG_DIR: environment.logDirectory,
    NO_DEFAULT_POOLS: environment.hasDefaultPools ? '' : 'true',
    ...(environment.asNumber === undefined ? {} : {AS: environment.asNumber}),
  };
  return `# Written by calicoctl node run; read by calico-felix and calico-libnetwork.\n${Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}`;
}

/** Parses the variables that renderEnvironment wrote. @throws Error if a required one is missing */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): NodeEnvironment {
  const required = (name: string) => {
    const value = env[name];
    if (value === undefined || value === '')
      throw new Error(`${name} is not set: run \`calicoctl node run\` first (${ENVIRONMENT_FILE})`);
    return value;
  };
  return {
    nodeName: required('NODENAME'),
    address: required('IP'),
    network: env.NETWORK || `${required('IP')}/32`,
    etcdEndpoints: splitEndpoints(required('ETCD_ENDPOINTS')),
    backend: env.CALICO_NETWORKING_BACKEND === 'none' ? 'none' : 'bird',
    interfacePrefix: env.CALICO_LIBNETWORK_IFPREFIX || 'cali',
    isLibnetworkEnabled: env.CALICO_LIBNETWORK_ENABLED !== 'false',
    createsProfiles: env.CALICO_LIBNETWORK_CREATE_PROFILES?.toLowerCase() !== 'false',
    logDirectory: env.CALICO_LOG_DIR || '/var/log/calico',
    hasDefaultPools: env.NO_DEFAULT_POOLS !== 'true',
    ...(env.AS ? {asNumber: env.AS} : {}),
  };
}

/** `http://a:2379,http://b:2379` as a list. */
export function splitEndpoints(text: string): string[] {
  return text
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '');
}
