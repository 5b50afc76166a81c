import {parse} from 'yaml';
import {EtcdClient} from '../etcd/client.js';
import {reasonOf} from '../log.js';
import {splitEndpoints} from '../node/environment.js';
import {CommandFailure, type Io} from './io.js';

export const DEFAULT_CONFIG = '/etc/calico/calicoctl.cfg';
const DEFAULT_ENDPOINT = 'http://127.0.0.1:2379';

/**
 * The datastore's endpoints: from the configuration file if it exists, else from the environment.
 * @throws Error if the file is invalid, CommandFailure if it was named and is missing
 */
export async function loadEndpoints(io: Io, path = DEFAULT_CONFIG): Promise<string[]> {
  const text = await io.read(path);
  // v1.2.0 takes the environment instead
  if (text === undefined && path !== DEFAULT_CONFIG && io.version !== 'v1.2.0')
    throw new CommandFailure(`Error reading config file: ${path}`);
  const settings = text === undefined ? fromEnvironment(io.env) : fromFile(text, path, io);
  if ((settings.datastoreType ?? 'etcdv2') !== 'etcdv2') throw new Error(`unsupported datastore type: ${settings.datastoreType}`);
  if (settings.etcdEndpoints) return splitEndpoints(settings.etcdEndpoints);
  if (settings.etcdAuthority) return [`${settings.etcdScheme || 'http'}://${settings.etcdAuthority}`];
  // a file has no default, the environment has
  if (text !== undefined) throw new Error('no etcd authority or endpoints specified');
  return [DEFAULT_ENDPOINT];
}

/** A client of the datastore. @throws CommandFailure if the configuration is invalid @param prefix of its message */
export async function connect(io: Io, path?: string, prefix = ''): Promise<EtcdClient> {
  try {
    return new EtcdClient(await loadEndpoints(io, path));
  } catch (error) {
    throw error instanceof CommandFailure ? error : new CommandFailure(`${prefix}${reasonOf(error)}`);
  }
}

interface Settings {
  readonly datastoreType?: string | undefined;
  readonly etcdEndpoints?: string | undefined;
  readonly etcdAuthority?: string | undefined;
  readonly etcdScheme?: string | undefined;
}

function fromFile(text: string, path: string, io: Io): Settings {
  const prefix = io.version === 'v1.2.0' ? '' : `syntax error in ${path}: `;
  const {kind = '', apiVersion = '', spec} = (parse(text) ?? {}) as {kind?: string; apiVersion?: string; spec?: Settings};
  if (apiVersion !== 'v1') throw new Error(`${prefix}invalid config file: unknown APIVersion '${apiVersion}'`);
  if (kind !== 'calicoApiConfig') throw new Error(`${prefix}invalid config file: expected kind 'calicoApiConfig', got '${kind}'`);
  return spec ?? {};
}

function fromEnvironment(env: Io['env']): Settings {
  return {
    datastoreType: env.DATASTORE_TYPE || undefined,
    etcdEndpoints: env.ETCD_ENDPOINTS,
    etcdAuthority: env.ETCD_AUTHORITY,
    etcdScheme: env.ETCD_SCHEME,
  };
}
