import type {TaskAction} from '../scheduler-api/commands.js';
import {onFreed} from './leftovers.js';
import {askAnew, cancelIntended, launchIntended} from './market.js';
import type {MesosEvent} from './mesos.js';
import {copyOf, type Effect, note, type ReducerState, type SchedulerEvent, slotOf, type Turn} from './model.js';
import {changesBetween} from './records.js';
import {ask, blockers, currentRun, isUnconfirmed} from './runs.js';
import {settle} from './settle.js';
import {hashesOf, KILL_GRACE_SECONDS} from './task-info.js';
import {condemn, isFenceOver, lose, onUpdate, openFence} from './updates.js';

/** So long after a subscription no fence opens. Agents look for a new master for seconds, and ping a lost one for 75. */
const AGENT_RETURN_SECONDS = 90;
/** Seconds after a subscription until the first implicit reconciliation, which finds tasks that are in no record. */
const FIRST_IMPLICIT_SECONDS = 10;

/**
 * The scheduler: what happened → what is known now, and what to do. Pure: the clock is handed in, nothing else is read.
 * @param now milliseconds since 1970
 */
export function reduce(
  before: ReducerState,
  event: SchedulerEvent,
  now: number,
): {readonly state: ReducerState; readonly effects: readonly Effect[]} {
  const turn: Turn = {state: copyOf(before), now, effects: [], acks: []};
  take(turn, event);
  settle(turn);
  save(turn, before);
  return {state: turn.state, effects: turn.effects};
}

function take(turn: Turn, event: SchedulerEvent): void {
  const {state, now} = turn;
  switch (event.type) {
    case 'mesos':
      onMesos(turn, event.event);
      return;
    case 'disconnected':
      state.connected = false;
      state.connection = event.reason;
      // The master takes back all offers of a broken subscription.
      state.offers = {};
      cancelIntended(turn, 'the subscription broke');
      return;
    case 'framework-removed':
      onRemoved(turn);
      return;
    case 'saved':
      launchIntended(turn, event.id);
      return;
    case 'address-freed':
      onFreed(turn, event);
      return;
    case 'desired': {
      const before = state.hashes;
      state.desired = event.tasks;
      state.hashes = hashesOf(event.tasks);
      state.desiredAt = event.at;
      for (const {name} of event.tasks) {
        // What made it fail may be mended: it need not wait as long as its failures would have it.
        if (before[name] === state.hashes[name]) continue;
        Object.assign(slotOf(turn, name), {failures: 0, notBefore: now, failedOn: null, isRolled: false});
        askAnew(turn, name);
      }
      note(turn, 'info', `${event.tasks.length} tasks are wanted`);
      return;
    }
    case 'command':
      onCommand(turn, event.action, event.name);
      return;
    case 'tick':
      return;
    default:
      event satisfies never;
  }
}

function onMesos(turn: Turn, event: MesosEvent): void {
  const {state, now} = turn;
  switch (event.type) {
    case 'SUBSCRIBED': {
      const id = event.subscribed.framework_id.value;
      note(turn, 'info', `subscribed as ${id}`);
      state.frameworkId = id;
      state.connected = true;
      state.connection = '';
      state.offers = {};
      // Whether filters of an earlier subscription still count differs between versions: take it that they do.
      Object.assign(state.market, {suppressed: false, filtered: true, wanted: []});
      state.implicitAt = now + FIRST_IMPLICIT_SECONDS * 1000;
      for (const run of Object.values(state.runs)) {
        if (run.phase === 'intended') continue;
        // What was sent over the old subscription may not have arrived.
        run.killSentAt = null;
        ask(run, now);
        // A master that has just begun knows no agent yet: those that live get time to come back to it before a fence opens.
        if (run.lostSince !== null)
          run.lostSince = Math.max(run.lostSince, now - (state.settings.fenceSeconds - AGENT_RETURN_SECONDS) * 1000);
      }
      return;
    }
    case 'OFFERS':
      for (const offer of event.offers.offers) state.offers[offer.id.value] = {offer, at: now};
      return;
    case 'RESCIND': {
      const id = event.rescind.offer_id.value;
      delete state.offers[id];
      cancelIntended(turn, 'Mesos took the offer back', (run) => run.intent?.offerId === id);
      return;
    }
    case 'UPDATE':
      onUpdate(turn, event.update.status);
      return;
    case 'FAILURE':
      // An agent is gone (not just an executor): ask what became of its tasks.
      if (event.failure.executor_id !== undefined) return;
      for (const run of Object.values(state.runs)) {
        if (run.agentId === event.failure.agent_id?.value && run.phase !== 'lost') ask(run, now);
      }
      return;
    default:
      // HEARTBEAT and ERROR are the client's; messages, inverse offers and operations are not used.
      return;
  }
}

/**
 * Nobody can ask after the tasks of a removed framework any more. The master ends those it can reach; the addresses of all
 * stay fenced, and only when none may live is the id given up, so that a new framework never starts beside the old one's tasks.
 */
function onRemoved(turn: Turn): void {
  const {state, now} = turn;
  cancelIntended(turn, 'the framework was removed');
  for (const run of Object.values(state.runs)) {
    if (run.phase === 'lost') {
      if (isFenceOver(turn, run)) openFence(turn, run, `after ${state.settings.fenceSeconds} s without a framework`);
      continue;
    }
    lose(run, now, 'the Mesos master removed the framework');
  }
  if (Object.values(state.runs).every((run) => run.released)) {
    note(
      turn,
      'warn',
      `the framework ${state.frameworkId} was removed from the master and none of its tasks may live: a new one is registered`,
    );
    state.frameworkId = null;
    state.runs = {};
  }
}

function onCommand(turn: Turn, action: TaskAction, name: string): void {
  const {state, now} = turn;
  const reply = (ok: boolean, message: string) => turn.effects.push({type: 'reply', ok, message});
  const whenConnected = state.connected ? '' : `, when the scheduler is subscribed again (${state.connection})`;
  const run = currentRun(state, name);
  const spec = state.desired.find((one) => one.name === name);
  if (spec === undefined && run === undefined) {
    reply(false, `there is no task ${name}; there are ${state.desired.map((one) => one.name).join(', ') || 'none'}`);
    return;
  }
  switch (action) {
    case 'restart':
      if (run === undefined) {
        Object.assign(slotOf(turn, name), {notBefore: now, failures: 0});
        askAnew(turn, name);
        reply(true, `${name} does not run; it is started as soon as possible${whenConnected}`);
      } else if (run.phase === 'lost') {
        reply(false, `${name} is lost on ${run.node}; 'release' gives it up and starts it elsewhere`);
      } else {
        condemn(turn, run, 'restart', 'an operator restarts it', KILL_GRACE_SECONDS);
        reply(true, `${run.taskId} is ended and started anew${whenConnected}`);
      }
      return;
    case 'kill':
      if (run === undefined || run.phase === 'lost') {
        reply(
          false,
          run === undefined
            ? `${name} does not run`
            : `${name} is lost on ${run.node}: nobody there to kill it; 'release' gives it up`,
        );
      } else {
        condemn(turn, run, 'restart', 'an operator killed it', 0);
        reply(true, `${run.taskId} is killed${whenConnected}; because it is wanted it is started anew`);
      }
      return;
    case 'release': {
      // Not only its own: its address may be fenced because of a task that had another name.
      const holders = spec === undefined ? (run === undefined ? [] : [run]) : blockers(state, spec);
      const lost = holders.filter((one) => one.phase === 'lost' || isUnconfirmed(one));
      for (const one of lost) {
        if (one.phase !== 'lost') lose(one, now, 'Mesos does not say how it is');
        openFence(turn, one, 'by the operator');
      }
      if (lost.length === 0) reply(false, `${name} is not lost: its address is not fenced. 'restart' replaces it`);
      else
        reply(
          true,
          lost.map((one) => `${one.taskId} is given up; ${one.address} is free for a replacement`).join('; ') + whenConnected,
        );
      return;
    }
    default:
      action satisfies never;
  }
}

/** Writes what changed, then acknowledges: an update counts as taken in only when a successor would know it too. */
function save(turn: Turn, before: ReducerState): void {
  const {state} = turn;
  const ops = changesBetween(before, state);
  if (ops.length === 0 && turn.acks.length === 0) return;
  state.saveId++;
  for (const run of Object.values(state.runs))
    if (run.intent?.saveId === null) run.intent = {...run.intent, saveId: state.saveId};
  turn.effects.push({type: 'save', id: state.saveId, ops, acks: turn.acks});
}
