import type {TaskSpec} from '../scheduler-api/task.js';
import {place} from './placement.js';
import {addCall, addLog, type Reduction, slotOf} from './reduction.js';
import {blockers, currentRun} from './runs.js';
import {isAddressFree} from './stale-endpoints.js';
import {taskInfo} from './task-info.js';
import type {TaskRun} from './task-run.js';
import {endRun} from './termination.js';

/** Sends the launches whose records are durable. */
export function launchIntended(reduction: Reduction, savedId: number): void {
  const {state, now} = reduction;
  const ready = Object.values(state.runs).flatMap((run) => {
    const {intent} = run;
    return intent !== null && intent.saveId !== null && intent.saveId <= savedId ? [{run, intent}] : [];
  });
  for (const offerId of new Set(ready.map(({intent}) => intent.offerId))) {
    const infos = ready
      .filter(({intent}) => intent.offerId === offerId)
      .flatMap(({run, intent}) => {
        const spec = state.desired.find((one) => one.name === run.name);
        // Not desired any more: markRunsForTermination has cancelled the launch.
        if (spec === undefined) return [];
        const info = taskInfo(spec, run.taskId, run.agentId, intent.resources);
        Object.assign(run, {phase: 'staging', since: now, launchedAt: now, intent: null} satisfies Partial<TaskRun>);
        addLog(reduction, 'info', `${run.taskId}: launching on ${run.node} at ${run.address}`);
        return [info];
      });
    if (infos.length === 0) continue;
    addCall(reduction, {
      type: 'ACCEPT',
      accept: {
        offer_ids: [{value: offerId}],
        operations: [{type: 'LAUNCH', launch: {task_infos: infos}}],
        filters: {refuse_seconds: state.settings.declineSeconds},
      },
    });
    state.offerFlow.filtered = true;
  }
}

/** Cancels launches that were not sent yet. @returns the offers that no launch uses any more */
export function cancelIntended(
  reduction: Reduction,
  why: string,
  which: (run: TaskRun) => boolean = () => true,
): readonly string[] {
  const intended = Object.values(reduction.state.runs).filter((run) => run.intent !== null);
  const cancelled = intended.filter(which);
  for (const run of cancelled)
    endRun(reduction, run, {isFailure: false, message: `the launch of ${run.taskId} was cancelled: ${why}`});
  const used = new Set(intended.filter((run) => !cancelled.includes(run)).map((run) => run.intent!.offerId));
  return [...new Set(cancelled.map((run) => run.intent!.offerId))].filter((id) => !used.has(id));
}

/** Launches waiting tasks on offers, declines what is left, and requests more offers (REVIVE) or none (SUPPRESS). */
export function handleOffers(reduction: Reduction): void {
  const {state, now} = reduction;
  const {offerFlow, settings} = state;
  if (!state.connected) return;
  const vacant = state.desired.filter((spec) => blockers(state, spec).length === 0);
  const pending = vacant.filter((spec) => isAddressFree(state, spec) && slotOf(reduction, spec.name).notBefore <= now);
  const offers = Object.values(state.offers);
  if (pending.length === 0) {
    decline(reduction, Object.keys(state.offers));
    offerFlow.revivedFor = [];
    const isIdle =
      vacant.length === 0 &&
      Object.values(state.runs).every((run) => run.abandoned || (run.termination === null && run.phase !== 'intended'));
    if (isIdle && !offerFlow.suppressed) {
      addCall(reduction, {type: 'SUPPRESS'});
      offerFlow.suppressed = true;
    }
    return;
  }
  offerFlow.revivedFor = offerFlow.revivedFor.filter((name) => pending.some((spec) => spec.name === name));
  if (offers.length > 0 && now - Math.min(...offers.map(({at}) => at)) >= settings.gatherSeconds * 1000)
    launch(reduction, pending);
  const isNew = pending.some((spec) => currentRun(state, spec.name) === undefined && !offerFlow.revivedFor.includes(spec.name));
  const areWithheld = offerFlow.suppressed || (offerFlow.filtered && isNew);
  if (areWithheld && now - offerFlow.revivedAt >= settings.reviveSeconds * 1000) {
    addCall(reduction, {type: 'REVIVE'});
    Object.assign(offerFlow, {suppressed: false, filtered: false, revivedAt: now, revivedFor: pending.map((spec) => spec.name)});
  }
}

/** Forgets why no offer fitted a task, so that the next round sends REVIVE for it. */
export function requestOffersAgain({state}: Reduction, name: string): void {
  delete state.rejections[name];
  state.offerFlow.revivedFor = state.offerFlow.revivedFor.filter((one) => one !== name);
}

function launch(reduction: Reduction, pending: readonly TaskSpec[]): void {
  const {state, now} = reduction;
  const placed = Object.values(state.runs).filter((run) => !run.abandoned);
  const avoid = Object.fromEntries(pending.map((spec) => [spec.name, state.slots[spec.name]?.failedOn ?? null]));
  const offers = Object.values(state.offers).map(({offer}) => offer);
  const {launches, rejections} = place(pending, offers, placed, state.settings, avoid);
  for (const {spec, offerId, agentId, node, resources} of launches) {
    const taskId = `${spec.name}.${state.counter++}`;
    delete state.offers[offerId];
    delete state.rejections[spec.name];
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
      isReported: false,
      hasRun: false,
      healthy: null,
      okSince: null,
      unhealthySince: null,
      containerId: null,
      message: '',
      termination: null,
      killSentAt: null,
      lostSince: null,
      abandoned: false,
      reconciliation: null,
      intent: {saveId: null, offerId, resources},
    };
  }
  for (const [name, reasons] of Object.entries(rejections)) state.rejections[name] = {...state.rejections[name], ...reasons};
  decline(reduction, Object.keys(state.offers));
}

/** Declines offers. */
export function decline(reduction: Reduction, ids: readonly string[]): void {
  const {state} = reduction;
  if (ids.length === 0) return;
  addCall(reduction, {
    type: 'DECLINE',
    decline: {offer_ids: ids.map((value) => ({value})), filters: {refuse_seconds: state.settings.declineSeconds}},
  });
  for (const id of ids) delete state.offers[id];
  state.offerFlow.filtered = true;
}
