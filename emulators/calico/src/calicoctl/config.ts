import {parse} from 'yaml';
import {EtcdClient} from '../etcd/client.js';
import {splitEndpoints} from '../node/environment.js';
import type {Io} from './io.js';

export const DEFAULT_CONFIG = '/etc/calico/calicoctl.cfg';
const DEFAULT_ENDPOINT = 'http://127.0.0.1:2379';

/** The datastore's endpoints: from the configuration file if it exists, else from the environment. @throws Error if the file is invalid */
export async function loadEndpoints(io: Io, path = DEFAULT_CONFIG): Promise<string[]> {
  const text = await io.read(path);
  const settings = text === undefined ? fromEnvironment(io.env) : fromFile(text);
  if ((settings.datastoreType ?? 'etcdv2') !== 'etcdv2') throw new Error(`unsupported datastore type: ${settings.datastoreType}`);
  if (settings.etcdEndpoints) return splitEndpoints(settings.etcdEndpoints);
  if (settings.etcdAuthority) return [`${settings.etcdScheme || 'http'}://${settings.etcdAuthority}`];
  return [DEFAULT_ENDPOINT];
}

export async function connect(io: Io, path?: string): Promise<EtcdClient> {
  return new EtcdClient(await loadEndpoints(io, path));
}

interface Settings {
  readonly datastoreType?: string | undefined;
  readonly etcdEndpoints?: string | undefined;
  readonly etcdAuthority?: string | undefined;
  readonly etcdScheme?: string | undefined;
}

function fromFile(text: string): Settings {
  const config = parse(text) as {kind?: unknown; apiVersion?: unknown; spec?: Settings} | null;
  if (config?.kind !== 'calicoApiConfig' || config.apiVersion !== 'v1') {
    throw new Error("invalid config file: kind must be 'calicoApiConfig' and apiVersion 'v1'");
  }
  return config.spec ?? {};
}

function fromEnvironment(env: Io['env']): Settings {
  return {
    datastoreType: env.DATASTORE_TYPE || undefined,
    etcdEndpoints: env.ETCD_ENDPOINTS,
    etcdAuthority: env.ETCD_AUTHORITY,
    etcdScheme: env.ETCD_SCHEME,
  };
}
