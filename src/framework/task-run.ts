import type {Resource} from './mesos.js';

/**
 * The phase of a run:
 * intended: its record is being written, and nothing was sent to Mesos yet;
 * staging, starting, running, killing: as Mesos reports;
 * lost: Mesos reported UNREACHABLE, UNKNOWN or LOST, so its container may be alive.
 */
export type RunPhase = 'intended' | 'staging' | 'starting' | 'running' | 'killing' | 'lost';

/**
 * Why a run is marked for termination; decides whether its end counts as a failure of the task:
 * undesired: its task is not desired, or has another run;
 * roll: its description changed;
 * restart: an operator restarted or killed it;
 * failure: it did not start in time, or is unhealthy;
 * unknown: it is in no record (see `onUnknownTask` in updates.ts);
 * abandoned: it was lost for so long that it was replaced.
 */
export type TerminationKind = 'undesired' | 'roll' | 'restart' | 'failure' | 'unknown' | 'abandoned';

/** A reconciliation that Mesos has not answered: since when, when it is requested next, and how often it was. */
export interface PendingReconciliation {
  readonly since: number;
  readonly dueAt: number;
  readonly tries: number;
}

/** A run: one launched task id, whose container may be alive. Times are milliseconds since 1970. */
export interface TaskRun {
  taskId: string;
  name: string;
  address: string;
  agentId: string;
  node: string;
  specHash: string;
  launchedAt: number;
  phase: RunPhase;
  /** When this phase began. */
  since: number;
  /** An agent has reported it, so the launch has reached an agent. */
  isReported: boolean;
  hasRun: boolean;
  healthy: boolean | null;
  /** When it became running and, if it has a health check, healthy; null while it is not. */
  okSince: number | null;
  unhealthySince: number | null;
  containerId: string | null;
  message: string;
  termination: {kind: TerminationKind; reason: string; graceSeconds: number} | null;
  killSentAt: number | null;
  lostSince: number | null;
  /** It was lost for so long that its address is no longer reserved for it. If it returns it is killed. */
  abandoned: boolean;
  /** Null when Mesos has confirmed the phase. */
  reconciliation: PendingReconciliation | null;
  /** The launch to send; null in every phase but `intended`. */
  intent: {saveId: number | null; offerId: string; resources: readonly Resource[]} | null;
}
