import {hostname} from 'node:os';
import {UsageError} from '../common/errors.js';
import type {Flags} from '../common/flags.js';
import {VERSION} from '../common/version.js';
import type {MasterInfo} from '../common/wire.js';
import type {MasterSettings} from './context.js';

const CAPABILITIES = ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'] as const;

/** Rejects flags that the emulator does not support. @throws {UsageError} */
export function checkMasterFlags(flags: Flags): void {
  if (flags.string('zk') !== undefined) {
    throw new UsageError("--zk is not supported by hw5's Mesos emulator, which has a single master", {
      hint: 'omit --zk, and give agents and frameworks the address of this master',
    });
  }
  const registry = flags.required('registry');
  if (registry !== 'in_memory' && registry !== 'replicated_log') {
    throw new UsageError(`'${registry}' is not a supported option for registry persistence`);
  }
  if (registry === 'replicated_log' && flags.string('work_dir') === undefined) {
    throw new UsageError('--work_dir needed for replicated log based registry');
  }
  for (const name of ['http_framework_authenticators', 'http_authenticators']) {
    const value = flags.string(name);
    if (value !== undefined && value !== 'basic')
      throw new UsageError(`HTTP authenticator '${value}' not found`, {hint: 'only basic is built in'});
  }
  if (
    ['authenticate_http_frameworks', 'authenticate_http_readonly', 'authenticate_http_readwrite'].some((name) => flags.isOn(name))
  ) {
    if (flags.string('credentials') === undefined)
      throw new UsageError('No credentials provided for the default basic HTTP authenticator');
  }
}

/** @param port the port that the master listens on */
export function masterInfo(flags: Flags, id: string, port: number): MasterInfo {
  const listen = flags.required('ip');
  const ip = flags.string('advertise_ip') ?? (listen === '0.0.0.0' ? '127.0.0.1' : listen);
  const shownPort = Number(flags.string('advertise_port') ?? port);
  const host = flags.string('hostname') ?? (listen === '0.0.0.0' ? hostname() : ip);
  return {
    id,
    ip: ipNumber(ip),
    port: shownPort,
    pid: `master@${ip}:${shownPort}`,
    hostname: host,
    version: VERSION.version,
    address: {hostname: host, ip, port: shownPort},
    capabilities: CAPABILITIES.map((type) => ({type})),
  };
}

/** MasterInfo.ip is the address in network byte order, read as a little-endian number. */
function ipNumber(ip: string): number {
  return ip.split('.').reduceRight((sum, part) => sum * 256 + Number(part), 0);
}

export function masterSettings(flags: Flags, info: MasterInfo): MasterSettings {
  return {
    masterInfo: info,
    agentPingTimeout: flags.seconds('agent_ping_timeout'),
    maxAgentPingTimeouts: flags.number('max_agent_ping_timeouts'),
    agentReregisterTimeout: flags.seconds('agent_reregister_timeout'),
    offerTimeout: flags.optionalSeconds('offer_timeout'),
    allocationInterval: flags.seconds('allocation_interval'),
    heartbeatInterval: 15,
    maxCompletedFrameworks: flags.number('max_completed_frameworks'),
    maxCompletedTasks: flags.number('max_completed_tasks_per_framework'),
  };
}
