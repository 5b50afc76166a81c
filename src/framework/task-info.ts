import type {TaskSpec} from '../scheduler-api/task.js';
import {sha256} from '../support/sha256.js';
import type {HealthCheck, KillPolicy, Resource, TaskInfo} from './mesos.js';

/** How long `docker stop` waits between TERM and KILL, in seconds. */
export const KILL_GRACE_SECONDS = 5;

/** What a container writes is kept by docker itself, up to 30 MB: sshd alone notes every health check, for as long as it lives. */
const LOG_LIMITS = [
  {key: 'log-driver', value: 'json-file'},
  {key: 'log-opt', value: 'max-size=10m'},
  {key: 'log-opt', value: 'max-file=3'},
];

/** A kill policy with this grace; 0 kills at once. */
export function killPolicy(graceSeconds: number): KillPolicy {
  return {grace_period: {nanoseconds: graceSeconds * 1_000_000_000}};
}

/**
 * The TaskInfo that runs a task at its fixed address: Docker containerizer, network USER, the address as docker's own `--ip`.
 * Source: reference/mesos/docker-on-user-network/calls.jsonl.
 */
export function taskInfo(spec: TaskSpec, taskId: string, agentId: string, resources: readonly Resource[]): TaskInfo {
  const variables = Object.entries(spec.env).map(([name, value]) => ({name, value}));
  return {
    name: spec.name,
    task_id: {value: taskId},
    agent_id: {value: agentId},
    resources,
    container: {
      type: 'DOCKER',
      docker: {
        image: spec.image,
        network: 'USER',
        privileged: false,
        // hw5 carries the images to the nodes; there is no registry to pull them from.
        force_pull_image: false,
        parameters: [
          {key: 'ip', value: spec.address},
          ...(spec.hostname === undefined ? [] : [{key: 'hostname', value: spec.hostname}]),
          ...LOG_LIMITS,
        ],
      },
      network_infos: [{name: spec.network}],
      volumes: spec.volumes.map((volume) => ({
        container_path: volume.container,
        host_path: volume.host,
        mode: volume.mode === 'ro' ? ('RO' as const) : ('RW' as const),
      })),
    },
    command: {
      shell: false,
      ...(spec.command === undefined ? {} : {value: spec.command}),
      arguments: spec.arguments,
      ...(variables.length === 0 ? {} : {environment: {variables}}),
    },
    ...(spec.healthCheck === undefined ? {} : {health_check: healthCheckOf(spec.healthCheck)}),
    kill_policy: killPolicy(KILL_GRACE_SECONDS),
  };
}

/**
 * What of a task makes a running container outdated when it changes, as a short hash. Constraints are not in it: a container
 * that already is where they want it need not restart.
 */
export function specHash(spec: TaskSpec): string {
  const {constraints: _, ...rest} = spec;
  return sha256(canonical(rest)).slice(0, 12);
}

/** What the whole list says, as a short hash: equal where two instances want the same. */
export function listHash(specs: readonly TaskSpec[]): string {
  return sha256(canonical(specs)).slice(0, 12);
}

/** Name → {@link specHash}. */
export function hashesOf(specs: readonly TaskSpec[]): Readonly<Record<string, string>> {
  return Object.fromEntries(specs.map((spec) => [spec.name, specHash(spec)]));
}

function healthCheckOf(check: NonNullable<TaskSpec['healthCheck']>): HealthCheck {
  return {
    type: check.type === 'http' ? 'HTTP' : 'TCP',
    ...(check.type === 'http' ? {http: {port: check.port, path: check.path, scheme: 'http'}} : {tcp: {port: check.port}}),
    delay_seconds: 0,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    consecutive_failures: check.failures,
    grace_period_seconds: check.graceSeconds,
  };
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
