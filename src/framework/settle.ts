import type {TaskSpec} from './config.js';
import type {Call} from './mesos.js';
import {note, type Run, send, slotOf, type Turn} from './model.js';
import {place} from './placement.js';
import {roll} from './rolling.js';
import {blockers, currentRun, isOk, isOutdated} from './runs.js';
import {KILL_GRACE_SECONDS, killPolicy, taskInfo} from './task-info.js';
import {condemn, endRun, openFence} from './updates.js';

/**
 * Brings the wish and the world together after every event: what should end is condemned and killed, what should run is
 * launched, what is not known is asked. Idempotent: a second time at the same instant does nothing.
 */
export function settle(turn: Turn): void {
  watchHealth(turn);
  condemnWhatShouldEnd(turn);
  roll(turn);
  openFences(turn);
  kill(turn);
  forget(turn);
  freeAddresses(turn);
  trade(turn);
  reconcile(turn);
}

/** Sends the launches whose records are durable by now. */
export function launchIntended(turn: Turn, savedId: number): void {
  const {state, now} = turn;
  const ready = Object.values(state.runs).flatMap((run) => {
    const {intent} = run;
    return intent !== null && intent.saveId !== null && intent.saveId <= savedId ? [{run, intent}] : [];
  });
  for (const offerId of new Set(ready.map(({intent}) => intent.offerId))) {
    const infos = ready
      .filter(({intent}) => intent.offerId === offerId)
      .flatMap(({run, intent}) => {
        const spec = state.desired.find((one) => one.name === run.name);
        // Condemned meanwhile: cancelled by condemnWhatShouldEnd before it comes to this.
        if (spec === undefined) return [];
        const info = taskInfo(spec, run.taskId, run.agentId, intent.resources);
        Object.assign(run, {phase: 'staging', since: now, launchedAt: now, intent: null} satisfies Partial<Run>);
        note(turn, 'info', `${run.taskId}: launching on ${run.node} at ${run.address}`);
        return [info];
      });
    if (infos.length === 0) continue;
    send(turn, {
      type: 'ACCEPT',
      accept: {
        offer_ids: [{value: offerId}],
        operations: [{type: 'LAUNCH', launch: {task_infos: infos}}],
        filters: {refuse_seconds: state.settings.declineSeconds},
      },
    });
    state.market.filtered = true;
  }
}

/** Takes back launches that were not sent yet; their offers are gone. */
export function cancelIntended(turn: Turn, why: string, which: (run: Run) => boolean = () => true): readonly string[] {
  const intended = Object.values(turn.state.runs).filter((run) => run.intent !== null);
  const cancelled = intended.filter(which);
  for (const run of cancelled)
    endRun(turn, run, {isFailure: false, message: `the launch of ${run.taskId} was taken back: ${why}`});
  const used = new Set(intended.filter((run) => !cancelled.includes(run)).map((run) => run.intent!.offerId));
  return [...new Set(cancelled.map((run) => run.intent!.offerId))].filter((id) => !used.has(id));
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
    const slot = state.slots[run.name];
    if (slot !== undefined && slot.failures > 0 && now - run.okSince >= state.settings.stableSeconds * 1000) {
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
    // The agent's own health check ends it; this is for an agent that does not.
    const check = spec.healthCheck;
    if (check !== undefined && run.phase === 'running' && run.unhealthySince !== null) {
      const limit = check.graceSeconds + check.intervalSeconds * check.failures + settings.unhealthySeconds;
      if (now - run.unhealthySince >= limit * 1000)
        condemn(turn, run, 'failure', `it was unhealthy for ${limit} s`, KILL_GRACE_SECONDS);
    }
    if (run.phase === 'intended' && isOutdated(state, run, spec)) {
      condemn(turn, run, 'roll', 'its description changed', 0);
    }
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

function openFences(turn: Turn): void {
  const {state, now} = turn;
  for (const run of Object.values(state.runs)) {
    if (run.phase !== 'lost' || run.released || run.lostSince === null) continue;
    if (now - run.lostSince >= state.settings.fenceSeconds * 1000)
      openFence(turn, run, `after ${state.settings.fenceSeconds} s without a sign`);
  }
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

function freeAddresses(turn: Turn): void {
  const {state, now} = turn;
  for (const spec of state.desired) {
    const slot = slotOf(turn, spec.name);
    if (slot.freeing === 'running' && now - slot.freeingSince >= state.settings.freeingLimitSeconds * 1000) slot.freeing = null;
    if (slot.freeing !== 'needed' || blockers(state, spec).length > 0) continue;
    Object.assign(slot, {freeing: 'running', freeingSince: now});
    turn.effects.push({
      type: 'free-address',
      name: spec.name,
      network: spec.network,
      address: spec.address,
      containers: slot.staleContainers,
    });
  }
}

function trade(turn: Turn): void {
  const {state, now} = turn;
  const {market, settings} = state;
  if (!state.connected) return;
  const vacant = state.desired.filter((spec) => blockers(state, spec).length === 0);
  const pending = vacant.filter((spec) => {
    const slot = slotOf(turn, spec.name);
    return slot.freeing === null && slot.notBefore <= now;
  });
  const held = Object.values(state.offers);
  if (pending.length === 0) {
    decline(turn, Object.keys(state.offers));
    market.wanted = [];
    const isQuiet =
      vacant.length === 0 &&
      Object.values(state.runs).every((run) => run.released || (run.condemned === null && run.phase !== 'intended'));
    if (isQuiet && !market.suppressed) {
      send(turn, {type: 'SUPPRESS'});
      market.suppressed = true;
    }
    return;
  }
  market.wanted = market.wanted.filter((name) => pending.some((spec) => spec.name === name));
  if (held.length > 0 && now - Math.min(...held.map(({at}) => at)) >= settings.gatherSeconds * 1000) launch(turn, pending);
  const isNew = pending.some((spec) => currentRun(state, spec.name) === undefined && !market.wanted.includes(spec.name));
  const isHeldBack = market.suppressed || (market.filtered && isNew);
  if (isHeldBack && now - market.revivedAt >= settings.reviveSeconds * 1000) {
    send(turn, {type: 'REVIVE'});
    Object.assign(market, {suppressed: false, filtered: false, revivedAt: now, wanted: pending.map((spec) => spec.name)});
  }
}

function launch(turn: Turn, pending: readonly TaskSpec[]): void {
  const {state, now} = turn;
  const placed = Object.values(state.runs).filter((run) => !run.released);
  const avoid = Object.fromEntries(pending.map((spec) => [spec.name, state.slots[spec.name]?.failedOn ?? null]));
  const offers = Object.values(state.offers).map(({offer}) => offer);
  const {launches, refusals} = place(pending, offers, placed, state.settings.role, avoid);
  for (const {spec, offerId, agentId, node, resources} of launches) {
    const taskId = `${spec.name}.${state.counter++}`;
    delete state.offers[offerId];
    delete state.refusals[spec.name];
    state.runs[taskId] = {
      taskId,
      name: spec.name,
      address: spec.address,
      agentId,
      node,
      specHash: state.hashes[spec.name]!,
      launchedAt: now,
      phase: 'intended',
      since: now,
      isSeen: false,
      hasRun: false,
      healthy: null,
      okSince: null,
      unhealthySince: null,
      containerId: null,
      message: '',
      condemned: null,
      killSentAt: null,
      lostSince: null,
      released: false,
      question: null,
      intent: {saveId: null, offerId, resources},
    };
  }
  for (const [name, reasons] of Object.entries(refusals)) state.refusals[name] = {...state.refusals[name], ...reasons};
  decline(turn, Object.keys(state.offers));
}

/** Gives offers back. */
function decline(turn: Turn, ids: readonly string[]): void {
  const {state} = turn;
  if (ids.length === 0) return;
  send(turn, {
    type: 'DECLINE',
    decline: {offer_ids: ids.map((value) => ({value})), filters: {refuse_seconds: state.settings.declineSeconds}},
  });
  for (const id of ids) delete state.offers[id];
  state.market.filtered = true;
}

function reconcile(turn: Turn): void {
  const {state, now} = turn;
  const {settings} = state;
  if (!state.connected) return;
  const tasks: Extract<Call, {type: 'RECONCILE'}>['reconcile']['tasks'][number][] = [];
  for (const run of Object.values(state.runs)) {
    if (run.question === null || run.question.dueAt > now || run.phase === 'intended') continue;
    const {tries} = run.question;
    const wait = Math.min(settings.reconcileSeconds * 2 ** Math.min(tries, 16), settings.reconcileCeilingSeconds);
    run.question = {dueAt: now + wait * 1000, tries: tries + 1};
    tasks.push({task_id: {value: run.taskId}, ...(run.agentId === '' ? {} : {agent_id: {value: run.agentId}})});
  }
  if (tasks.length > 0) send(turn, {type: 'RECONCILE', reconcile: {tasks}});
  if (now >= state.implicitAt) {
    state.implicitAt = now + settings.implicitSeconds * 1000;
    send(turn, {type: 'RECONCILE', reconcile: {tasks: []}});
  }
}
