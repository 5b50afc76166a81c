import type {TaskSpec} from '../scheduler-api/task.js';
import {sha256} from '../support/sha256.js';
import type {HealthCheck, KillPolicy, Resource, TaskInfo} from './mesos.js';

/** How long `docker stop` waits between TERM and KILL, in seconds. */
export const KILL_GRACE_SECONDS = 5;

/** Docker keeps at most 30 MB of a container's output: sshd logs every health check. */
const LOG_LIMITS = [
  {key: 'log-driver', value: 'json-file'},
  {key: 'log-opt', value: 'max-size=10m'},
  {key: 'log-opt', value: 'max-file=3'},
];

/** A kill policy with this grace period; 0 kills immediately. */
export function killPolicy(graceSeconds: number): KillPolicy {
  return {grace_period: {nanoseconds: graceSeconds * 1_000_000_000}};
}

/**
 * The TaskInfo that runs a task at its fixed address: Docker containerizer, network USER, the address as docker's own `--ip`.
 * Verified against an upstream master and agent: test/unit/framework/transcripts.test.ts compares it with recorded calls.
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
        // hw5 uploads the images to the nodes; there is no registry to pull them from.
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
 * A short hash of the parts of a description whose change makes a running container outdated. Constraints are excluded: a container that
 * already runs on an allowed node need not restart.
 */
export function specHash(spec: TaskSpec): string {
  const {constraints: _, ...rest} = spec;
  return sha256(canonical(rest)).slice(0, 12);
}

/** A short hash of a whole list: equal for two instances with the same desired tasks. */
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
