import type {Fact} from '../engine/fact.js';
import {lastRunScript, readRun, reasonIn} from '../engine/unit-failure.js';

/** `absent`: the component is not installed on the node (yet). */
export type HealthState = 'healthy' | 'unhealthy' | 'absent';

/** The health of a component on one node, as `hw5 status` shows it. */
export interface Health {
  readonly state: HealthState;
  /** In a few words: what answers, or what is wrong. */
  readonly detail: string;
}

export const ABSENT: Health = {state: 'absent', detail: 'not there'};

/** The health of a component whose check did not terminate in time. @param problem what the check shows when it fails */
export function hanging(problem: string): Health {
  return {state: 'unhealthy', detail: `${problem} (it hangs)`};
}

/** Healthy when the script exits with 0. @param problem the detail otherwise @param detail from the script's trimmed output */
export function scriptHealth(script: string, problem: string, detail: (output: string) => string): Fact<Health> {
  return {
    script,
    whenTimedOut: hanging(problem),
    parse: ({code, stdout}) =>
      code === 0 ? {state: 'healthy', detail: detail(stdout.trim())} : {state: 'unhealthy', detail: problem},
  };
}

/**
 * Healthy when the systemd unit is active and the script, which queries its service, exits with 0.
 * @param problem what is wrong when the unit is active and the script fails; the script's output is added. Empty: only the output is shown
 */
export function unitHealth(unit: string, script: string, problem: string): Fact<Health> {
  return {
    script: `s=$(systemctl show -p LoadState,ActiveState,SubState --value ${unit} | tr '\\n' ' '); echo "$s"
case "$s" in loaded*) ;; *) exit 4;; esac
case "$s" in
  *' active '*) ;;
  *' inactive '*) exit 5 ;;
  *) systemctl show -p NRestarts ${unit}; (${lastRunScript(unit)}); exit 5 ;;
esac
${script}`,
    whenTimedOut: hanging(problem),
    parse({code, stdout}) {
      const [unitLine = '', ...lines] = stdout.trim().split('\n');
      if (code === 4) return ABSENT;
      if (code === 5) return {state: 'unhealthy', detail: notActive(unit, unitLine, lines.join('\n'))};
      const answer = lines.join(' ').trim();
      return code === 0
        ? {state: 'healthy', detail: answer}
        : {state: 'unhealthy', detail: answer && problem ? `${problem} (${answer})` : answer || problem};
    },
  };
}

/** @param unitLine its states, as systemd reports them @param journal how often systemd has restarted it, and its last run */
function notActive(unit: string, unitLine: string, journal: string): string {
  const [, active = '', sub = ''] = unitLine.trim().split(' ');
  // the unit's first ExecStartPre= is a pause that grows
  const isPausing = sub === 'start-pre' && /^NRestarts=[1-9]/.test(journal);
  const state = isPausing ? 'pausing before it is started again' : [active, sub].filter(Boolean).join(', ');
  const {end, lines} = readRun(unit, journal.replace(/^NRestarts=.*\n?/, ''));
  const reason = reasonIn(lines);
  const how = end === undefined ? '' : `; it ended with ${end}`;
  return `the service is ${state}${how}${reason === undefined ? '' : `: ${reason.slice(0, 200)}`}`;
}
