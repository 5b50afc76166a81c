import {freeAddresses} from './leftovers.js';
import {cancelIntended, decline, trade} from './market.js';
import type {Call} from './mesos.js';
import {send, slotOf, type Turn} from './model.js';
import {roll} from './rolling.js';
import {blockers, hasRival, isOk, isOutdated} from './runs.js';
import {KILL_GRACE_SECONDS, killPolicy} from './task-info.js';
import {condemn} from './updates.js';

/**
 * Brings the wish and the world together after every event: what should end is condemned and killed, what should run is
 * launched, what is not known is asked. Idempotent: a second time at the same instant does nothing.
 */
export function settle(turn: Turn): void {
  watchHealth(turn);
  condemnWhatShouldEnd(turn);
  roll(turn);
  kill(turn);
  forget(turn);
  freeAddresses(turn);
  trade(turn);
  reconcile(turn);
}

function watchHealth(turn: Turn): void {
  const {state, now} = turn;
  for (const run of Object.values(state.runs)) {
    const spec = state.desired.find((one) => one.name === run.name);
    if (spec === undefined) continue;
    if (!isOk(run, spec)) {
      run.okSince = null;
      continue;
    }
    run.okSince ??= now;
    const slot = slotOf(turn, run.name);
    slot.isRolled = false;
    if (slot.failures > 0 && now - run.okSince >= state.settings.stableSeconds * 1000) {
      Object.assign(slot, {failures: 0, failedOn: null});
    }
  }
}

function condemnWhatShouldEnd(turn: Turn): void {
  const {state, now} = turn;
  const {settings} = state;
  for (const run of Object.values(state.runs)) {
    if (run.released || run.condemned !== null) continue;
    const spec = state.desired.find((one) => one.name === run.name);
    if (spec === undefined) {
      condemn(turn, run, 'unwanted', 'it is no longer wanted', KILL_GRACE_SECONDS);
      continue;
    }
    const isLaunching = run.phase === 'staging' || run.phase === 'starting';
    if (isLaunching && state.connected && run.question === null && now - run.launchedAt >= settings.launchTimeoutSeconds * 1000) {
      condemn(turn, run, 'failure', `it did not start within ${settings.launchTimeoutSeconds} s`, 0);
    }
    // The agent's own health check ends it; this is for an agent that does not, or that never says what its check found.
    const check = spec.healthCheck;
    const isSilent = run.healthy === null && run.question === null;
    const sickSince = isSilent ? run.since : run.unhealthySince;
    if (check !== undefined && run.phase === 'running' && sickSince !== null) {
      const limit = check.graceSeconds + check.intervalSeconds * check.failures + settings.unhealthySeconds;
      const reason = isSilent ? `nothing was heard of its health check for ${limit} s` : `it was unhealthy for ${limit} s`;
      if (now - sickSince >= limit * 1000) condemn(turn, run, 'failure', reason, KILL_GRACE_SECONDS);
    }
    if (run.phase !== 'intended') continue;
    if (isOutdated(state, run, spec)) condemn(turn, run, 'roll', 'its description changed', 0);
    else if (hasRival(state, run)) condemn(turn, run, 'unwanted', 'its address turned out to be held', 0);
  }
  for (const spec of state.desired) {
    const [keep, ...extra] = blockers(state, spec)
      .filter((run) => run.name === spec.name && run.condemned === null)
      .sort((a, b) => Number(b.okSince !== null) - Number(a.okSince !== null) || a.launchedAt - b.launchedAt);
    for (const run of keep === undefined ? [] : extra) condemn(turn, run, 'unwanted', `${keep!.taskId} already runs`, 0);
  }
  decline(
    turn,
    cancelIntended(turn, 'it is no longer wanted so', (run) => run.condemned !== null),
  );
}

function kill(turn: Turn): void {
  const {state, now} = turn;
  if (!state.connected) return;
  for (const run of Object.values(state.runs)) {
    // A KILL for an agent that is away is not queued: it is sent when the run is seen again.
    if (run.condemned === null || run.phase === 'lost' || run.phase === 'intended') continue;
    if (run.killSentAt !== null && now - run.killSentAt < state.settings.killRetrySeconds * 1000) continue;
    run.killSentAt = now;
    send(turn, {
      type: 'KILL',
      kill: {
        task_id: {value: run.taskId},
        ...(run.agentId === '' ? {} : {agent_id: {value: run.agentId}}),
        kill_policy: killPolicy(run.condemned.graceSeconds),
      },
    });
  }
}

function forget(turn: Turn): void {
  const {state, now} = turn;
  for (const run of Object.values(state.runs)) {
    // Should it come back after that, it is killed as a stranger.
    if (run.released && run.phase === 'lost' && now - run.since >= state.settings.forgetZombieSeconds * 1000)
      delete state.runs[run.taskId];
  }
  const names = new Set([...state.desired.map((spec) => spec.name), ...Object.values(state.runs).map((run) => run.name)]);
  for (const name of Object.keys(state.slots)) if (!names.has(name)) delete state.slots[name];
  for (const name of Object.keys(state.refusals)) if (!names.has(name)) delete state.refusals[name];
}

function reconcile(turn: Turn): void {
  const {state, now} = turn;
  const {settings} = state;
  if (!state.connected) return;
  const tasks: Extract<Call, {type: 'RECONCILE'}>['reconcile']['tasks'][number][] = [];
  for (const run of Object.values(state.runs)) {
    if (run.question === null || run.question.dueAt > now || run.phase === 'intended') continue;
    const {since, tries} = run.question;
    const wait = Math.min(settings.reconcileSeconds * 2 ** Math.min(tries, 16), settings.reconcileCeilingSeconds);
    run.question = {since, dueAt: now + wait * 1000, tries: tries + 1};
    tasks.push({task_id: {value: run.taskId}, ...(run.agentId === '' ? {} : {agent_id: {value: run.agentId}})});
  }
  if (tasks.length > 0) send(turn, {type: 'RECONCILE', reconcile: {tasks}});
  if (now >= state.implicitAt) {
    state.implicitAt = now + settings.implicitSeconds * 1000;
    send(turn, {type: 'RECONCILE', reconcile: {tasks: []}});
  }
}
