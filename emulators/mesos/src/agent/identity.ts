import {statfsSync} from 'node:fs';
import {cpus, hostname, totalmem} from 'node:os';
import {isDeepStrictEqual} from 'node:util';
import {parseAttributes} from '../common/attributes.js';
import {EmulatorError, UsageError} from '../common/errors.js';
import type {Flags} from '../common/flags.js';
import {parseResources} from '../common/resources-text.js';
import type {AgentInfo, Resource} from '../common/wire.js';
import {type Containerizer, ContainerizerError} from './containers/container.js';
import type {AgentRecord, Store} from './store.js';

const GB = 2 ** 30;

/** Rejects flags that the emulator does not support. @returns the address of the master @throws {UsageError} */
export function checkAgentFlags(flags: Flags): {readonly host: string; readonly port: number} {
  const master = flags.string('master');
  if (master === undefined) throw new UsageError('Missing required option --master');
  if (master.startsWith('zk://')) {
    throw new UsageError(`--master=${master}: ZooKeeper is not supported by hw5's Mesos emulator`, {
      hint: 'use --master=HOST:PORT',
    });
  }
  flags.required('work_dir');
  for (const name of flags.required('containerizers').split(',')) {
    if (name !== 'docker' && name !== 'mesos')
      throw new UsageError(`Could not create containerizer: Unknown containerizer: '${name}'`);
  }
  if (flags.string('reconfiguration_policy') !== 'equal')
    throw new UsageError('--reconfiguration_policy: only `equal` is supported');
  const match = /^(?:master@)?(.+?)(?::(\d+))?$/.exec(master)!;
  return {host: match[1]!, port: Number(match[2] ?? 5050)};
}

/** The address at which others reach the agent. */
export function agentIp(flags: Flags): string {
  const ip = flags.string('advertise_ip') ?? flags.required('ip');
  return ip === '0.0.0.0' ? '127.0.0.1' : ip;
}

/** The description of this agent, without its id. Resources that --resources does not list are those of the machine. */
export function describeAgent(flags: Flags, port: number): AgentInfo {
  const given = parseResources(flags.string('resources') ?? '');
  const detected: readonly (() => Resource)[] = [
    () => scalarResource('cpus', cpus().length),
    () => scalarResource('mem', usable(totalmem(), 2 * GB, GB)),
    () => scalarResource('disk', usable(diskSize(flags.required('work_dir')), 10 * GB, 5 * GB)),
    () => ({name: 'ports', type: 'RANGES', ranges: {range: [{begin: 31000, end: 32000}]}}),
  ];
  const names = ['cpus', 'mem', 'disk', 'ports'];
  const missing = names.flatMap((name, index) => (given.some((resource) => resource.name === name) ? [] : [detected[index]!()]));
  return {
    hostname: flags.string('hostname') ?? (flags.string('ip') === '0.0.0.0' ? hostname() : agentIp(flags)),
    port,
    resources: [...given, ...missing],
    attributes: parseAttributes(flags.string('attributes')),
    checkpoint: true,
  };
}

function scalarResource(name: string, value: number): Resource {
  return {name, type: 'SCALAR', scalar: {value}};
}

/** The MB that upstream uses of so many bytes: all but a reserve, or half of less than a minimum. */
function usable(total: number, minimum: number, reserve: number): number {
  return Math.floor((total >= minimum ? total - reserve : total / 2) / 2 ** 20);
}

/** The size of the file system. */
function diskSize(path: string): number {
  const {blocks, bsize} = statfsSync(path);
  return blocks * bsize;
}

/**
 * Recovers the identity from the work directory; undefined when the agent is new.
 * @throws {EmulatorError} with upstream's message when the flags describe another agent than the one recorded there
 */
export function recoverIdentity(store: Store, info: AgentInfo): AgentRecord | undefined {
  const old = store.load();
  if (!old) return undefined;
  const {id, ...before} = old.info;
  if (differsAtMostInDisk(before, info) || isDeepStrictEqual(before, JSON.parse(JSON.stringify(info))))
    return {...old, info: {...info, id: id!}};
  throw new EmulatorError(
    [
      'EXIT with status 1: Failed to perform recovery: Incompatible agent info detected. ',
      '------------------------------------------------------------',
      `Old agent info:\n${JSON.stringify(before)}`,
      '------------------------------------------------------------',
      `New agent info:\n${JSON.stringify(info)}`,
      '------------------------------------------------------------',
      'To remedy this do as follows:',
      `Step 1: rm -f ${store.latest}`,
      "        This ensures agent doesn't recover old live executors.",
      'Step 2: Restart the agent.',
    ].join('\n'),
  );
}

/**
 * Checks the containerizers before tasks are recovered.
 * @throws {EmulatorError} with upstream's message when one cannot be used, as without a running dockerd
 */
export async function checkContainerizers(
  containerizers: Readonly<Partial<Record<'docker' | 'mesos', Containerizer>>>,
  store: Store,
): Promise<void> {
  try {
    await Promise.all(Object.values(containerizers).map((containerizer) => containerizer.check()));
  } catch (error) {
    if (!(error instanceof ContainerizerError)) throw error;
    if (error.stage === 'create') {
      const what = `Could not create DockerContainerizer: ${error.message}`;
      throw new EmulatorError(`EXIT with status 1: Failed to create a containerizer: ${what}`);
    }
    const isOneOfMany = Object.keys(containerizers).length > 1;
    throw new EmulatorError(
      [
        `EXIT with status 1: Failed to perform recovery: ${isOneOfMany ? 'Collect failed: ' : ''}${error.message}`,
        'If recovery failed due to a change in configuration and you want to',
        'keep the current agent id, you might want to change the',
        '`--reconfiguration_policy` flag to a more permissive value.',
        '',
        'To restart this agent with a new agent id instead, do as follows:',
        `rm -f ${store.latest}`,
        'This ensures that the agent does not recover old live executors.',
        '',
        'If you use the Docker containerizer and think that the Docker',
        'daemon state is broken, you can try to clear it. But be careful:',
        'these commands will erase all containers and images from this host,',
        'not just those started by Mesos!',
        'docker kill $(docker ps -q)',
        'docker rm $(docker ps -a -q)',
        'docker rmi $(docker images -q)',
        '',
        'Finally, restart the agent.',
      ].join('\n'),
    );
  }
}

/** A file system may grow: an agent that differs in nothing else is the same. */
function differsAtMostInDisk(before: Omit<AgentInfo, 'id'>, now: AgentInfo): boolean {
  const withoutDisk = (info: Omit<AgentInfo, 'id'>): object => ({
    ...info,
    resources: info.resources.filter((resource) => resource.name !== 'disk'),
  });
  return isDeepStrictEqual(withoutDisk(before), JSON.parse(JSON.stringify(withoutDisk(now))));
}
