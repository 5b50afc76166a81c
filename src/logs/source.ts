import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {nearest} from '../cluster/nearest.js';
import type {Component} from '../components/component.js';
import {quoteAll} from '../host/command.js';
import {UsageError} from '../support/errors.js';
import {dockerSince, journalSince, type Since} from '../support/since.js';
import {template} from '../support/template.js';

/** Where a component's log is. */
export interface LogSource {
  readonly component: string;
  /** The nodes that have it. */
  readonly nodes: readonly ClusterNode[];
  /** systemd units whose journal it is. */
  readonly units: readonly string[];
  /** A container that may run instead of the units: where it exists, its output is the log. */
  readonly container?: string | undefined;
  /** A pattern of files that its services write in addition. */
  readonly files?: string | undefined;
}

/** The components that have a log, as `hw5 status` calls them. */
export function logNames(components: readonly Component[]): readonly string[] {
  return components.filter(({logs}) => logs !== undefined).map(({name}) => name);
}

/** @throws UsageError when there is no such component, or this cluster has none of it. */
export function logSource(name: string, cluster: Cluster, components: readonly Component[]): LogSource {
  const found = components.find((one) => one.logs && (one.name === name || one.logs.aliases?.includes(name)));
  if (!found?.logs) throw unknownComponent(name, cluster, components);
  const {logs, targets, units = []} = found;
  const nodes = targets(cluster);
  if (nodes.length === 0) throw notRun(found, cluster);
  return {component: found.name, nodes, units: logs.units ?? units, container: logs.container, files: logs.files};
}

function unknownComponent(name: string, cluster: Cluster, components: readonly Component[]): UsageError {
  if (cluster.framework.tasks.some((task) => task.name === name))
    return new UsageError(`${name} is a task, not a component`, {
      hint: `\`hw5 task logs ${name}\` shows its container's output`,
    });
  const names = logNames(components);
  const near = nearest(name, [...names, ...components.flatMap(({logs}) => logs?.aliases ?? [])]);
  return new UsageError(`there is no component ${name}`, {
    hint: `${near === undefined ? 'there are' : `did you mean ${near}? There are`} ${names.join(', ')}`,
  });
}

function notRun({name, logs}: Component, cluster: Cluster): UsageError {
  const {message, hint} = logs?.notRun?.(cluster) ?? {
    message: `no node of ${cluster.name} runs ${name}`,
    hint: '`hw5 status` shows the components of each node',
  };
  return new UsageError(message, {hint});
}

export interface LogRange {
  /** How many of the newest lines of a node, at most. */
  readonly lines: number;
  readonly since?: Since | undefined;
  readonly follow?: boolean | undefined;
}

/** The script that prints the log on a node. Each entry starts with its time. */
export function logScript(source: LogSource, range: LogRange): string {
  const main = mainScript(source, range);
  if (source.files === undefined) return main;
  const {lines, since, follow} = range;
  const sinceDate =
    since === undefined ? '' : 'secondsAgo' in since ? `${since.secondsAgo} seconds ago` : `@${since.epochSeconds}`;
  return `main() {\n${main}\n}
FILES='${source.files}' LINES=${lines} SINCE='${sinceDate}' FOLLOW=${follow ? 1 : ''}
${template('logs/files.sh')}`;
}

function mainScript({units, container}: LogSource, {lines, since, follow}: LogRange): string {
  const journal = quoteAll([
    'journalctl',
    '-q',
    '--no-pager',
    '--no-hostname',
    '--output=short-iso-precise',
    `--lines=${lines}`,
    ...journalSince(since),
    ...units.map((unit) => `--unit=${unit}`),
    ...(follow ? ['--follow'] : []),
  ]);
  if (container === undefined) return `exec ${journal}`;
  const docker = [
    'docker',
    'logs',
    '--timestamps',
    `--tail=${lines}`,
    ...dockerSince(since),
    ...(follow ? ['--follow'] : []),
    container,
  ];
  return `if docker inspect --type=container ${container} >/dev/null 2>&1; then exec ${quoteAll(docker)} 2>&1; fi\nexec ${journal}`;
}
