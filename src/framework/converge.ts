import type {Call} from './mesos.js';
import {cancelIntended, decline, handleOffers} from './offers.js';
import {addCall, type Reduction, slotOf} from './reduction.js';
import {roll} from './rolling.js';
import {blockers, hasCompetitor, isOk, isOutdated, mayAgentReturn} from './runs.js';
import {freeAddresses} from './stale-endpoints.js';
import {KILL_GRACE_SECONDS, killPolicy} from './task-info.js';
import {markForTermination} from './termination.js';

/**
 * Moves the runs toward the desired tasks after every event: marks and kills runs that must terminate, launches what should run, reconciles
 * what is unknown. Idempotent: a second call at the same time does nothing.
 */
export function converge(reduction: Reduction): void {
  trackHealth(reduction);
  markRunsForTermination(reduction);
  roll(reduction);
  kill(reduction);
  forget(reduction);
  freeAddresses(reduction);
  handleOffers(reduction);
  reconcile(reduction);
}

function trackHealth(reduction: Reduction): void {
  const {state, now} = reduction;
  for (const run of Object.values(state.runs)) {
    const spec = state.desired.find((one) => one.name === run.name);
    if (spec === undefined) continue;
    if (!isOk(run, spec)) {
      run.okSince = null;
      continue;
    }
    run.okSince ??= now;
    const slot = slotOf(reduction, run.name);
    slot.isRolled = false;
    if (slot.failures > 0 && now - run.okSince >= state.settings.stableSeconds * 1000) {
      Object.assign(slot, {failures: 0, failedOn: null});
    }
  }
}

function markRunsForTermination(reduction: Reduction): void {
  const {state, now} = reduction;
  const {settings} = state;
  for (const run of Object.values(state.runs)) {
    if (run.abandoned || run.termination !== null) continue;
    const spec = state.desired.find((one) => one.name === run.name);
    if (spec === undefined) {
      markForTermination(reduction, run, 'undesired', 'it is no longer desired', KILL_GRACE_SECONDS);
      continue;
    }
    const isLaunching = run.phase === 'staging' || run.phase === 'starting';
    if (
      isLaunching &&
      state.connected &&
      run.reconciliation === null &&
      now - run.launchedAt >= settings.launchTimeoutSeconds * 1000
    ) {
      markForTermination(reduction, run, 'failure', `it did not start within ${settings.launchTimeoutSeconds} s`, 0);
    }
    // The agent kills an unhealthy task itself. This covers an agent that does not, or never reports the result of the check.
    const check = spec.healthCheck;
    const isUnreported = run.healthy === null && run.reconciliation === null;
    const unhealthySince = isUnreported ? run.since : run.unhealthySince;
    if (check !== undefined && run.phase === 'running' && unhealthySince !== null) {
      const limit = check.graceSeconds + check.intervalSeconds * check.failures + settings.unhealthySeconds;
      const reason = isUnreported ? `its health check was not reported for ${limit} s` : `it was unhealthy for ${limit} s`;
      if (now - unhealthySince >= limit * 1000) markForTermination(reduction, run, 'failure', reason, KILL_GRACE_SECONDS);
    }
    if (run.phase !== 'intended') continue;
    if (isOutdated(state, run, spec)) markForTermination(reduction, run, 'roll', 'its description changed', 0);
    else if (hasCompetitor(state, run)) markForTermination(reduction, run, 'undesired', 'another run has its address', 0);
  }
  for (const spec of state.desired) {
    const [keep, ...extra] = blockers(state, spec)
      .filter((run) => run.name === spec.name && run.termination === null)
      .sort((a, b) => Number(b.okSince !== null) - Number(a.okSince !== null) || a.launchedAt - b.launchedAt);
    for (const run of keep === undefined ? [] : extra)
      markForTermination(reduction, run, 'undesired', `${keep!.taskId} already runs`, 0);
  }
  decline(
    reduction,
    cancelIntended(reduction, 'its run is no longer desired', (run) => run.termination !== null),
  );
}

function kill(reduction: Reduction): void {
  const {state, now} = reduction;
  if (!state.connected) return;
  for (const run of Object.values(state.runs)) {
    // Mesos does not queue a KILL for an agent that cannot be reached: it is sent when the run is reported again.
    if (run.termination === null || run.phase === 'lost' || run.phase === 'intended') continue;
    if (run.killSentAt !== null && now - run.killSentAt < state.settings.killRetrySeconds * 1000) continue;
    run.killSentAt = now;
    addCall(reduction, {
      type: 'KILL',
      kill: {
        task_id: {value: run.taskId},
        ...(run.agentId === '' ? {} : {agent_id: {value: run.agentId}}),
        kill_policy: killPolicy(run.termination.graceSeconds),
      },
    });
  }
}

function forget(reduction: Reduction): void {
  const {state, now} = reduction;
  for (const run of Object.values(state.runs)) {
    // If it returns after that, it is killed as an unknown task.
    if (run.abandoned && run.phase === 'lost' && now - run.since >= state.settings.forgetAbandonedSeconds * 1000)
      delete state.runs[run.taskId];
  }
  const names = new Set([...state.desired.map((spec) => spec.name), ...Object.values(state.runs).map((run) => run.name)]);
  for (const name of Object.keys(state.slots)) if (!names.has(name)) delete state.slots[name];
  for (const name of Object.keys(state.rejections)) if (!names.has(name)) delete state.rejections[name];
}

/**
 * Requests the states that are not confirmed, after pauses that grow. Nothing announces that an agent has registered with a restarted master,
 * which answers for its tasks only then, so for as long as agents are expected the pauses are short.
 */
function reconcile(reduction: Reduction): void {
  const {state, now} = reduction;
  const {settings} = state;
  if (!state.connected) return;
  const tasks: Extract<Call, {type: 'RECONCILE'}>['reconcile']['tasks'][number][] = [];
  for (const run of Object.values(state.runs)) {
    if (run.reconciliation === null || run.reconciliation.dueAt > now || run.phase === 'intended') continue;
    const {since, tries} = run.reconciliation;
    const wait = mayAgentReturn(state, now)
      ? Math.min(2 ** Math.min(tries, 16), settings.reconcileSeconds)
      : Math.min(settings.reconcileSeconds * 2 ** Math.min(tries, 16), settings.reconcileCeilingSeconds);
    run.reconciliation = {since, dueAt: now + wait * 1000, tries: tries + 1};
    tasks.push({task_id: {value: run.taskId}, ...(run.agentId === '' ? {} : {agent_id: {value: run.agentId}})});
  }
  if (tasks.length > 0) addCall(reduction, {type: 'RECONCILE', reconcile: {tasks}});
  if (now >= state.implicitAt) {
    state.implicitAt = now + settings.implicitSeconds * 1000;
    addCall(reduction, {type: 'RECONCILE', reconcile: {tasks: []}});
  }
}
