import type {MesosEvent} from './mesos.js';
import {cancelIntended} from './offers.js';
import {addLog, type Reduction} from './reduction.js';
import {abandon, isReservationOver, markLost} from './reservation.js';
import {AGENT_RETURN_SECONDS, requestReconciliation} from './runs.js';
import {onUpdate} from './updates.js';

/** Seconds after a subscription until the first implicit reconciliation, which finds tasks that are in no record. */
const FIRST_IMPLICIT_SECONDS = 10;

/** Applies an event of the subscription. */
export function onMesosEvent(reduction: Reduction, event: MesosEvent): void {
  const {state, now} = reduction;
  switch (event.type) {
    case 'SUBSCRIBED': {
      const id = event.subscribed.framework_id.value;
      addLog(reduction, 'info', `subscribed as ${id}`);
      state.frameworkId = id;
      state.connected = true;
      state.connection = '';
      state.subscribedAt = now;
      state.offers = {};
      // Whether filters of an earlier subscription still apply depends on the version of Mesos, so they are assumed to.
      Object.assign(state.offerFlow, {suppressed: false, filtered: true, revivedFor: []});
      state.implicitAt = now + FIRST_IMPLICIT_SECONDS * 1000;
      for (const run of Object.values(state.runs)) {
        if (run.phase === 'intended') continue;
        // Calls sent over the previous subscription may not have arrived.
        run.killSentAt = null;
        requestReconciliation(run, now);
        // A master that has just started knows no agent yet, so the agents get time to register again.
        if (run.lostSince !== null)
          run.lostSince = Math.max(run.lostSince, now - (state.settings.reservationSeconds - AGENT_RETURN_SECONDS) * 1000);
      }
      return;
    }
    case 'OFFERS':
      for (const offer of event.offers.offers) {
        state.offers[offer.id.value] = {offer, at: now};
        const {scheme = 'http', address} = offer.url ?? {};
        if (scheme === 'http' && address?.ip !== undefined && address.port !== undefined)
          state.agentOrigins = {...state.agentOrigins, [offer.agent_id.value]: `http://${address.ip}:${address.port}`};
      }
      return;
    case 'RESCIND': {
      const id = event.rescind.offer_id.value;
      delete state.offers[id];
      cancelIntended(reduction, 'Mesos rescinded the offer', (run) => run.intent?.offerId === id);
      return;
    }
    case 'UPDATE':
      onUpdate(reduction, event.update.status);
      return;
    case 'FAILURE':
      // With an executor id only an executor terminated; without one the agent was removed, so its tasks are reconciled.
      if (event.failure.executor_id !== undefined) return;
      for (const run of Object.values(state.runs)) {
        if (run.agentId === event.failure.agent_id?.value && run.phase !== 'lost') requestReconciliation(run, now);
      }
      return;
    default:
      // HEARTBEAT and ERROR are the client's; messages, inverse offers and operations are not used.
      return;
  }
}

/**
 * Handles the removal of the framework by the master, after which its tasks cannot be reconciled. The master kills those it can reach. The
 * addresses of all stay reserved, and the id is kept until none can be alive: a new framework must not start next to the old one's tasks.
 */
export function onRemoved(reduction: Reduction): void {
  const {state, now} = reduction;
  cancelIntended(reduction, 'the framework was removed');
  for (const run of Object.values(state.runs)) {
    if (run.phase === 'lost') {
      if (isReservationOver(reduction, run))
        abandon(reduction, run, `after ${state.settings.reservationSeconds} s without a framework`);
      continue;
    }
    markLost(run, now, 'the Mesos master removed the framework');
  }
  if (Object.values(state.runs).every((run) => run.abandoned)) {
    addLog(
      reduction,
      'warn',
      `the framework ${state.frameworkId} was removed from the master and none of its tasks can be alive: a new one is registered`,
    );
    state.frameworkId = null;
    state.runs = {};
  }
}
