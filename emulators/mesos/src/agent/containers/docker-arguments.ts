import {isAbsolute, posix} from 'node:path';
import {fromWire, ranges, scalar} from '../../common/resources.js';
import type {ContainerInfo, DockerInfo, Parameter, PortMapping, Volume} from '../../common/wire.js';
import {variableValue} from '../environment.js';
import type {TaskRecord} from '../task-record.js';
import {RunOptionsError} from './container.js';

export interface DockerSettings {
  readonly docker: string;
  readonly socket: string;
  readonly sandboxDirectory: string;
  readonly isCfsEnabled: boolean;
  /** Seconds. */
  readonly stopTimeout: number;
  readonly killsOrphans: boolean;
  /** The image with the docker client that runs each task, in a container of its own, because this agent's container is shorter-lived. */
  readonly executorImage: string | undefined;
}

export const CONTAINER_PREFIX = 'mesos-';

const MIN_MEMORY_MB = 32;
const MIN_CPU_SHARES = 2;
const CFS_PERIOD_US = 100_000;

/** The docker command with the address of the daemon, which Mesos always passes. */
export function dockerArgv(settings: DockerSettings, ...rest: readonly string[]): string[] {
  return [settings.docker, '-H', `unix://${settings.socket}`, ...rest];
}

/**
 * The command that runs a client of docker: itself, or with --docker_mesos_image a container of that image for it. As upstream, the image's
 * entry point is not replaced.
 */
export function clientArgv(settings: DockerSettings, name: string, argv: readonly string[]): readonly string[] {
  const {executorImage, socket} = settings;
  if (executorImage === undefined) return argv;
  const options = ['--name', executorName(name), '--net=host', '-v', `${socket}:${socket}`];
  return dockerArgv(settings, 'run', ...options, executorImage, ...argv);
}

/** The container that runs the docker client of a task's container. */
export function executorName(name: string): string {
  return `${name}.executor`;
}

/**
 * The arguments with which upstream Mesos calls `docker run` for a task. Source: src/docker/docker.cpp of apache/mesos, Docker::RunOptions.
 * @throws {RunOptionsError}
 */
export function dockerRunArguments(settings: DockerSettings, record: TaskRecord): string[] {
  const {task} = record;
  const docker = task.container!.docker!;
  const resources = fromWire(task.resources);
  const cpus = scalar(resources, 'cpus');
  const memory = scalar(resources, 'mem');
  const name = CONTAINER_PREFIX + record.containerId;
  return [
    'run',
    ...(docker.privileged ? ['--privileged'] : []),
    ...(cpus > 0 ? ['--cpu-shares', String(Math.max(Math.floor(cpus * 1024), MIN_CPU_SHARES))] : []),
    ...(cpus > 0 && settings.isCfsEnabled ? ['--cpu-quota', String(Math.floor(cpus * CFS_PERIOD_US))] : []),
    ...(memory > 0 ? ['--memory', String(Math.max(memory, MIN_MEMORY_MB) * 1024 * 1024)] : []),
    ...environment(settings, record, name).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
    '-v',
    `${record.sandbox}:${settings.sandboxDirectory}`,
    ...(task.container!.volumes ?? []).flatMap((volume) => ['-v', volumeArgument(settings, record, volume)]),
    ...volumeDriver(task.container!),
    ...network(record, docker),
    ...command(record),
    '--name',
    name,
    ...otherParameters(docker).map(({key, value}) => `--${key}=${value}`),
    docker.image,
    ...commandArguments(record),
  ];
}

function environment(settings: DockerSettings, record: TaskRecord, name: string): (readonly [string, string])[] {
  const variables = record.task.command?.environment?.variables ?? [];
  return [
    ...variables.map((variable) => [variable.name, variableValue(variable)] as const),
    ['MESOS_SANDBOX', settings.sandboxDirectory],
    ['MESOS_CONTAINER_NAME', name],
    ['MESOS_ALLOCATION_ROLE', record.role],
  ];
}

function volumeArgument(settings: DockerSettings, record: TaskRecord, volume: Volume): string {
  const inside = isAbsolute(volume.container_path)
    ? volume.container_path
    : posix.join(settings.sandboxDirectory, volume.container_path);
  const outside = volume.source?.docker_volume?.name ?? hostPath(record, volume);
  return outside === undefined
    ? inside
    : `${outside}:${inside}${volume.mode === undefined ? '' : `:${volume.mode.toLowerCase()}`}`;
}

/** A host path without a slash is the name of a docker volume; any other relative path is relative to the sandbox. */
function hostPath(record: TaskRecord, {host_path: path}: Volume): string | undefined {
  return path === undefined || isAbsolute(path) || !path.includes('/') ? path : posix.join(record.sandbox, path);
}

/** `docker run` accepts a single driver for all volumes. */
function volumeDriver({docker, volumes = []}: ContainerInfo): string[] {
  const named = volumes.flatMap((volume) => volume.source?.docker_volume?.driver ?? []);
  const drivers = new Set([...(docker?.volume_driver === undefined ? [] : [docker.volume_driver]), ...named]);
  if (drivers.size > 1) throw new RunOptionsError('Only one volume driver is supported');
  return [...drivers].map((driver) => `--volume-driver=${driver}`);
}

/** The value of `--net`: that of the first parameter `net` or `network`, or else of DockerInfo.network, which is validated in any case. */
export function networkName(record: TaskRecord): string {
  const given = networkOf(record);
  return networkParameter(record.task.container?.docker)?.value ?? given;
}

function networkParameter(docker: DockerInfo | undefined): Parameter | undefined {
  return docker?.parameters?.find(({key}) => key === 'net' || key === 'network');
}

/** The parameters that are passed on to `docker run`. */
function otherParameters(docker: DockerInfo): readonly Parameter[] {
  const network = networkParameter(docker);
  return (docker.parameters ?? []).filter((parameter) => parameter !== network);
}

/** The network that DockerInfo and ContainerInfo specify. */
function networkOf(record: TaskRecord): string {
  const docker = record.task.container?.docker;
  const network = docker?.network ?? 'HOST';
  if (network !== 'USER') return network.toLowerCase();
  const infos = record.task.container?.network_infos ?? [];
  if (infos.length === 0) throw new RunOptionsError('No network info found in container info');
  if (infos.length > 1) throw new RunOptionsError('Only a single network can be defined in Docker run');
  const name = infos[0]?.name;
  if (name === undefined) throw new RunOptionsError('No network name found in network info');
  return name;
}

function network(record: TaskRecord, docker: DockerInfo): string[] {
  const name = networkOf(record);
  const hostname = record.task.container?.hostname;
  if (hostname !== undefined && name === 'host') throw new RunOptionsError('Unable to set hostname with host network mode');
  const ports = docker.port_mappings ?? [];
  if (ports.length > 0 && (name === 'host' || name === 'none')) {
    throw new RunOptionsError('Port mappings are only supported for bridge and user-defined networks');
  }
  requirePorts(record, ports);
  return [
    '--net',
    networkName(record),
    ...(hostname === undefined ? [] : ['--hostname', hostname]),
    ...ports.flatMap((port) => [
      '-p',
      `${port.host_port}:${port.container_port}${port.protocol === undefined ? '' : `/${port.protocol.toLowerCase()}`}`,
    ]),
  ];
}

/** A task may map only ports of the machine that are among its resources. */
function requirePorts(record: TaskRecord, mappings: readonly PortMapping[]): void {
  if (mappings.length === 0) return;
  const owned = ranges(fromWire(record.task.resources), 'ports');
  if (owned.length === 0) throw new RunOptionsError('Port mappings require port resources');
  for (const {host_port: port} of mappings) {
    if (!owned.some(({begin, end}) => port >= begin && port <= end))
      throw new RunOptionsError(`Port [${port}] not included in resources`);
  }
}

/** With `shell: true` (the default), /bin/sh replaces the entry point of the image. */
function command(record: TaskRecord): string[] {
  const info = record.task.command;
  if (info?.shell === false) return [];
  if (info?.value === undefined) throw new RunOptionsError('Shell specified but no command value provided');
  return ['--entrypoint', '/bin/sh'];
}

function commandArguments(record: TaskRecord): string[] {
  const info = record.task.command;
  if (info?.shell === false) return [...(info.value === undefined ? [] : [info.value]), ...(info.arguments ?? [])];
  return ['-c', info?.value ?? ''];
}
