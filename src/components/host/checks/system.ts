import type {FailedCheck} from '../../../engine/step.js';
import type {PreflightFacts} from './observed.js';

export function checkSystem(observed: PreflightFacts): readonly FailedCheck[] {
  const isDebian = /\b(debian|ubuntu)\b/.test(observed.release ?? '') && observed.apt !== undefined;
  const system: FailedCheck = {
    message: `this is ${observed.release ?? 'an unknown system'}, not Debian or Ubuntu`,
    hint: 'hw5 installs packages with apt: use Debian 12',
  };
  const init: FailedCheck = {
    message: `process 1 is ${observed.systemd ?? 'unknown'}, not systemd`,
    hint: 'hw5 runs its services as systemd units',
  };
  return [...(isDebian ? [] : [system]), ...(observed.systemd === 'systemd' ? [] : [init])];
}
