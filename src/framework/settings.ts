import type {AllowedAgent} from '../scheduler-api/configuration.js';

/** The constants of the scheduler's decisions, in seconds unless the name or comment says otherwise. */
export interface Settings {
  readonly role: string;
  /** The agents on which tasks may run; without it, all that the master offers. */
  readonly agents?: readonly AllowedAgent[] | undefined;
  readonly declineSeconds: number;
  readonly reviveSeconds: number;
  /** How long offers are collected before tasks are placed, so that they spread over all nodes. */
  readonly gatherSeconds: number;
  readonly launchTimeoutSeconds: number;
  /** How long the address of a lost run stays reserved for it before a replacement is started. */
  readonly reservationSeconds: number;
  readonly backoffSeconds: number;
  readonly backoffCeilingSeconds: number;
  readonly stableSeconds: number;
  /** A task with at least so many failures in a row counts as flapping. */
  readonly flappingFailures: number;
  readonly killRetrySeconds: number;
  readonly reconcileSeconds: number;
  readonly reconcileCeilingSeconds: number;
  readonly implicitSeconds: number;
  readonly freeingLimitSeconds: number;
  /** After so many failed attempts to free an address, its task is launched anyway. */
  readonly freeingTries: number;
  /** Added to the limit of the agent's own health check. */
  readonly unhealthySeconds: number;
  readonly forgetAbandonedSeconds: number;
}

export const defaultSettings: Settings = {
  role: '*',
  declineSeconds: 120,
  reviveSeconds: 5,
  gatherSeconds: 1,
  launchTimeoutSeconds: 300,
  reservationSeconds: 300,
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
  forgetAbandonedSeconds: 86_400,
};
