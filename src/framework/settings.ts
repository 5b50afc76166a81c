import type {AllowedAgent} from '../scheduler-api/configuration.js';

/** Seconds, unless it says otherwise. */
export interface Settings {
  readonly role: string;
  /** Where tasks may run; without it, wherever the master offers. */
  readonly agents?: readonly AllowedAgent[] | undefined;
  readonly declineSeconds: number;
  readonly reviveSeconds: number;
  /** How long offers are gathered before placing, so that tasks spread over all nodes of one round of offers. */
  readonly gatherSeconds: number;
  readonly launchTimeoutSeconds: number;
  readonly fenceSeconds: number;
  readonly backoffSeconds: number;
  readonly backoffCeilingSeconds: number;
  readonly stableSeconds: number;
  /** From this many failures in a row on a task counts as flapping. */
  readonly flappingFailures: number;
  readonly killRetrySeconds: number;
  readonly reconcileSeconds: number;
  readonly reconcileCeilingSeconds: number;
  readonly implicitSeconds: number;
  readonly freeingLimitSeconds: number;
  /** So often is the freeing of an address tried before a launch goes ahead without. */
  readonly freeingTries: number;
  /** Beyond what the agent's own health check allows. */
  readonly unhealthySeconds: number;
  readonly forgetZombieSeconds: number;
}

export const defaultSettings: Settings = {
  role: '*',
  declineSeconds: 120,
  reviveSeconds: 5,
  gatherSeconds: 1,
  launchTimeoutSeconds: 300,
  fenceSeconds: 300,
  backoffSeconds: 1,
  backoffCeilingSeconds: 60,
  stableSeconds: 60,
  flappingFailures: 3,
  killRetrySeconds: 10,
  reconcileSeconds: 5,
  reconcileCeilingSeconds: 60,
  implicitSeconds: 600,
  freeingLimitSeconds: 30,
  freeingTries: 6,
  unhealthySeconds: 30,
  forgetZombieSeconds: 86_400,
};
