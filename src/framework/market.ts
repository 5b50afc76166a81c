import type {TaskSpec} from '../scheduler-api/task.js';
import {isCleared} from './leftovers.js';
import {note, type Run, send, slotOf, type Turn} from './model.js';
import {place} from './placement.js';
import {blockers, currentRun} from './runs.js';
import {taskInfo} from './task-info.js';
import {endRun} from './updates.js';

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

/**
 * Deals with offers: takes what waiting tasks need, gives everything else back, asks for more or for none.
 */
export function trade(turn: Turn): void {
  const {state, now} = turn;
  const {market, settings} = state;
  if (!state.connected) return;
  const vacant = state.desired.filter((spec) => blockers(state, spec).length === 0);
  const pending = vacant.filter((spec) => isCleared(state, spec) && slotOf(turn, spec.name).notBefore <= now);
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

/** Forgets why a task found no place: what keeps offers back is lifted for it once more. */
export function askAnew({state}: Turn, name: string): void {
  delete state.refusals[name];
  state.market.wanted = state.market.wanted.filter((one) => one !== name);
}

function launch(turn: Turn, pending: readonly TaskSpec[]): void {
  const {state, now} = turn;
  const placed = Object.values(state.runs).filter((run) => !run.released);
  const avoid = Object.fromEntries(pending.map((spec) => [spec.name, state.slots[spec.name]?.failedOn ?? null]));
  const offers = Object.values(state.offers).map(({offer}) => offer);
  const {launches, refusals} = place(pending, offers, placed, state.settings, avoid);
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
export function decline(turn: Turn, ids: readonly string[]): void {
  const {state} = turn;
  if (ids.length === 0) return;
  send(turn, {
    type: 'DECLINE',
    decline: {offer_ids: ids.map((value) => ({value})), filters: {refuse_seconds: state.settings.declineSeconds}},
  });
  for (const id of ids) delete state.offers[id];
  state.market.filtered = true;
}
