import type {RunPhase, TaskRun, TerminationKind} from './task-run.js';

/**
 * A run as it is stored: the fields that a successor needs; the others are reconciled with Mesos or start from the beginning. Instances of
 * different releases read each other's records while hw5 replaces them one by one, so the names are those of the first release.
 */
export interface RunRecord {
  readonly taskId: string;
  readonly name: string;
  readonly address: string;
  readonly agentId: string;
  readonly node: string;
  readonly specHash: string;
  readonly launchedAt: number;
  readonly phase: RunPhase;
  readonly since: number;
  readonly isSeen: boolean;
  readonly hasRun: boolean;
  readonly healthy: boolean | null;
  readonly containerId: string | null;
  readonly message: string;
  readonly condemned: {readonly kind: StoredKind; readonly reason: string; readonly graceSeconds: number} | null;
  readonly lostSince: number | null;
  readonly released: boolean;
}

type StoredKind = 'unwanted' | 'roll' | 'restart' | 'failure' | 'stranger' | 'zombie';

const STORED_KINDS: Readonly<Record<TerminationKind, StoredKind>> = {
  undesired: 'unwanted',
  roll: 'roll',
  restart: 'restart',
  failure: 'failure',
  unknown: 'stranger',
  abandoned: 'zombie',
};

const KINDS = Object.fromEntries(Object.entries(STORED_KINDS).map(([kind, stored]) => [stored, kind])) as Record<
  StoredKind,
  TerminationKind
>;

type Volatile = 'intent' | 'reconciliation' | 'killSentAt' | 'okSince' | 'unhealthySince';

/** The fields of a run whose change must be stored. The type demands every field but the volatile ones. */
export const STORED_FIELDS = Object.keys({
  taskId: true,
  name: true,
  address: true,
  agentId: true,
  node: true,
  specHash: true,
  launchedAt: true,
  phase: true,
  since: true,
  isReported: true,
  hasRun: true,
  healthy: true,
  containerId: true,
  message: true,
  termination: true,
  lostSince: true,
  abandoned: true,
} satisfies Record<Exclude<keyof TaskRun, Volatile>, true>) as readonly (keyof TaskRun)[];

export function recordOfRun(run: TaskRun): RunRecord {
  const {termination} = run;
  return {
    taskId: run.taskId,
    name: run.name,
    address: run.address,
    agentId: run.agentId,
    node: run.node,
    specHash: run.specHash,
    launchedAt: run.launchedAt,
    phase: run.phase,
    since: run.since,
    isSeen: run.isReported,
    hasRun: run.hasRun,
    healthy: run.healthy,
    containerId: run.containerId,
    message: run.message,
    condemned: termination && {...termination, kind: STORED_KINDS[termination.kind]},
    lostSince: run.lostSince,
    released: run.abandoned,
  };
}

/** The run with which a successor starts: its phase is not confirmed, so it is reconciled. @param now milliseconds since 1970 */
export function runOfRecord(record: RunRecord, now: number): TaskRun {
  const {isSeen, condemned, released, ...same} = record;
  return {
    ...same,
    isReported: isSeen,
    termination: condemned && {...condemned, kind: KINDS[condemned.kind]},
    abandoned: released,
    launchedAt: Math.min(record.launchedAt, now),
    since: Math.min(record.since, now),
    // The time was taken by another clock. The address must never be reserved for too short a time, so the wait starts again.
    lostSince: record.lostSince === null ? null : now,
    phase: record.phase === 'intended' ? 'staging' : record.phase,
    intent: null,
    reconciliation: {since: now, dueAt: 0, tries: 0},
    killSentAt: null,
    okSince: null,
    unhealthySince: null,
  };
}
