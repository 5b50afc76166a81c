import type {EtcdClient} from '../etcd/client.js';
import {reasonOf} from '../log.js';
import {BGP_AS_NUMBER, BGP_GLOBAL, BGP_HOSTS, BGP_NODE_MESH, FELIX_CONFIG, nodeFelixKey} from '../model/keys.js';
import {connect} from './config.js';
import {parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {parseAsNumber} from './kinds/scalars.js';

type Action = 'set' | 'unset' | 'get';

interface Setting {
  readonly set: (value: string) => Promise<void>;
  readonly unset: () => Promise<void>;
  /** Returns the line to print. */
  readonly get: () => Promise<string>;
}

const DEFAULT_LOG_LEVEL = 'info';
/** The level of BIRD for each of Calico's. */
const BIRD_LEVELS: Readonly<Record<string, string>> = {
  none: 'none',
  debug: 'debug',
  info: 'info',
  warning: 'none',
  error: 'none',
  critical: 'none',
};
/** Names of raw BGP settings that upstream stores under another key. */
const BGP_KEYS: Readonly<Record<string, string>> = {AsNumber: 'as_num', LogLevel: 'loglevel'};

/** `calicoctl config set | unset | get`: settings of the whole network, and some of one node. */
export async function configCommand(io: Io, args: readonly string[]): Promise<number> {
  const flags = parseFlags(['config'], args, {
    values: {node: undefined, raw: undefined, config: undefined},
    short: {n: 'node', c: 'config'},
    positionals: 3,
  });
  const [action, name = '', value = ''] = flags.positionals;
  const isComplete = (action === 'set' ? 3 : 2) === flags.positionals.length;
  if (!isAction(action) || !isComplete) throw flags.invalid();
  const etcd = await connect(io, flags.values.config);
  try {
    const setting = settingOf(etcd, name, flags.values.node ?? '', flags.values.raw);
    if (action === 'set') await setting.set(value);
    else if (action === 'unset') await setting.unset();
    else io.print(`${await setting.get()}\n`);
    return 0;
  } catch (error) {
    throw new CommandFailure(`Error executing command: ${reasonOf(error)}`);
  }
}

function isAction(action: string | undefined): action is Action {
  return action === 'set' || action === 'unset' || action === 'get';
}

function settingOf(etcd: EtcdClient, name: string, node: string, raw: string | undefined): Setting {
  if (raw === 'felix') return rawSetting(etcd, node === '' ? `${FELIX_CONFIG}/${name}` : nodeFelixKey(node, name));
  if (raw === 'bgp' && node === '' && name === 'NodeMeshEnabled') return rawNodeMesh(etcd);
  if (raw === 'bgp')
    return rawSetting(etcd, node === '' ? `${BGP_GLOBAL}/${BGP_KEYS[name] ?? name}` : `${BGP_HOSTS}/${node}/${name}`);
  if (raw !== undefined && raw !== '') throw new Error(`unrecognised component '${raw}'`);
  const global = (setting: Setting) => (node === '' ? setting : onlyGlobal());
  switch (name.toLowerCase()) {
    case 'loglevel':
      return logLevel(etcd, node);
    case 'nodetonodemesh':
      return global(nodeMesh(etcd));
    case 'asnumber':
      return global(asNumber(etcd));
    case 'ipip':
      return global(ipip(etcd));
    default:
      throw new Error(`unrecognised config name '${name}'`);
  }
}

function onlyGlobal(): Setting {
  const fail = () => Promise.reject(new Error('--node should not be specified'));
  return {set: fail, unset: fail, get: fail};
}

function rawSetting(etcd: EtcdClient, key: string): Setting {
  return {
    set: (value) => etcd.set(key, value),
    unset: async () => void (await etcd.delete(key)),
    get: async () => (await etcd.get(key))?.node.value ?? '(unset)',
  };
}

function logLevel(etcd: EtcdClient, node: string): Setting {
  const global = {felix: `${FELIX_CONFIG}/LogSeverityScreen`, bgp: `${BGP_GLOBAL}/loglevel`};
  const keys = node === '' ? global : {felix: nodeFelixKey(node, 'LogSeverityScreen'), bgp: `${BGP_HOSTS}/${node}/loglevel`};
  const set = async (level: string) => {
    const birdLevel = BIRD_LEVELS[level];
    if (birdLevel === undefined) throw new Error(`error with field loglevel = '${level}'`);
    await etcd.set(keys.felix, level);
    await etcd.set(keys.bgp, birdLevel);
  };
  return {
    set,
    async unset() {
      if (node === '') return set(DEFAULT_LOG_LEVEL);
      for (const key of Object.values(keys)) await etcd.delete(key);
    },
    async get() {
      const own = (await etcd.get(keys.felix))?.node.value;
      if (own !== undefined) return own;
      const inherited = (await etcd.get(global.felix))?.node.value ?? DEFAULT_LOG_LEVEL;
      return node === '' ? inherited : `${inherited} (inherited from global)`;
    },
  };
}

function nodeMesh(etcd: EtcdClient): Setting {
  const set = (enabled: boolean) => etcd.set(BGP_NODE_MESH, JSON.stringify({enabled}));
  return {
    set: async (value) => set(isOn(value)),
    unset: () => set(true),
    async get() {
      const text = (await etcd.get(BGP_NODE_MESH))?.node.value;
      const {enabled} = text === undefined ? {enabled: true} : (JSON.parse(text) as {enabled: boolean});
      return enabled ? 'on' : 'off';
    },
  };
}

/** The only raw setting that is not stored as it is given. */
function rawNodeMesh(etcd: EtcdClient): Setting {
  const {unset, get} = nodeMesh(etcd);
  return {
    set: (value) => etcd.set(BGP_NODE_MESH, JSON.stringify({enabled: value === 'true'})),
    unset,
    get: async () => String((await get()) === 'on'),
  };
}

function ipip(etcd: EtcdClient): Setting {
  const key = `${FELIX_CONFIG}/IpInIpEnabled`;
  return {
    set: async (value) => etcd.set(key, String(isOn(value))),
    unset: () => etcd.set(key, 'false'),
    get: async () => ((await etcd.get(key))?.node.value === 'true' ? 'on' : 'off'),
  };
}

function asNumber(etcd: EtcdClient): Setting {
  return {
    async set(value) {
      const number = parseAsNumber(value);
      if (number === undefined) throw new Error('the supplied AS number is not valid');
      await etcd.set(BGP_AS_NUMBER, String(number));
    },
    unset: () => etcd.set(BGP_AS_NUMBER, '64512'),
    get: async () => (await etcd.get(BGP_AS_NUMBER))?.node.value ?? '64512',
  };
}

function isOn(value: string): boolean {
  if (value !== 'on' && value !== 'off') throw new Error(`invalid value '${value}'`);
  return value === 'on';
}
