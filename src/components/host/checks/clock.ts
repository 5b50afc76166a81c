import type {FailedCheck} from '../../../engine/step.js';
import type {PreflightContext, PreflightFacts} from './observed.js';

const LIMIT_MS = 30_000;

/** What a host's clock is compared with. */
export interface ReferenceClock {
  /** ms since the epoch */
  readonly now: number;
  /** Completes "its clock differs by 61 s from …". */
  readonly owner: string;
}

/**
 * The time to compare the hosts' clocks with: their median, as all were observed at the same time. The controller's clock was read before the
 * user entered passwords, so it is used only for a single host, and to choose between the two clocks in the middle.
 */
export function referenceClock(clocks: readonly (string | undefined)[], now: number): ReferenceClock {
  const sorted = clocks
    .filter((clock) => clock !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (sorted.length < 2) return {now, owner: "the controller's"};
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  return {now: Math.abs(lower - now) <= Math.abs(upper - now) ? lower : upper, owner: "the other hosts'"};
}

export function checkClock(observed: PreflightFacts, {clock}: PreflightContext): readonly FailedCheck[] {
  if (observed.clock === undefined) return [];
  const difference = Math.abs(Number(observed.clock) - clock.now);
  if (difference <= LIMIT_MS) return [];
  return [
    {
      message: `its clock differs by ${Math.round(difference / 1000)} s from ${clock.owner}`,
      hint: 'set it, e.g. `timedatectl set-ntp true`: leases and logs depend on it',
    },
  ];
}
