import type {TaskAction} from '../scheduler-api/commands.js';
import type {ReducerState} from './model.js';
import {requestOffersAgain} from './offers.js';
import {type Reduction, slotOf} from './reduction.js';
import {abandon, markLost} from './reservation.js';
import {AGENT_RETURN_SECONDS, blockers, currentRun, isOverdue, isUnconfirmed} from './runs.js';
import {KILL_GRACE_SECONDS} from './task-info.js';
import type {TaskRun} from './task-run.js';
import {markForTermination} from './termination.js';

/** Carries out an operator's command for a task, and replies to it. */
export function onCommand(reduction: Reduction, action: TaskAction, name: string): void {
  const {state, now} = reduction;
  const reply = (ok: boolean, message: string) => reduction.effects.push({type: 'reply', ok, message});
  const run = currentRun(state, name);
  const condition = conditionOf(state, run);
  const spec = state.desired.find((one) => one.name === name);
  if (spec === undefined && run === undefined) {
    reply(false, `there is no task ${name}; there are ${state.desired.map((one) => one.name).join(', ') || 'none'}`);
    return;
  }
  switch (action) {
    case 'restart':
      if (run === undefined) {
        Object.assign(slotOf(reduction, name), {notBefore: now, failures: 0});
        requestOffersAgain(reduction, name);
        reply(true, `${name} does not run; it will be started as soon as possible${condition}`);
      } else if (run.phase === 'lost') {
        reply(false, `${name} is lost on ${run.node}; 'release' abandons it and starts it elsewhere`);
      } else {
        markForTermination(reduction, run, 'restart', 'an operator restarts it', KILL_GRACE_SECONDS);
        reply(true, `${run.taskId} on ${run.node} will be ended, and ${name} started again${condition}`);
      }
      return;
    case 'kill':
      if (run === undefined || run.phase === 'lost') {
        reply(
          false,
          run === undefined
            ? `${name} does not run`
            : `${name} is lost on ${run.node}: its agent cannot be reached to kill it; 'release' abandons it`,
        );
      } else {
        markForTermination(reduction, run, 'restart', 'an operator killed it', 0);
        const then = spec === undefined ? 'it is no longer desired' : 'because it is desired it is started again';
        reply(true, `${run.taskId} on ${run.node} will be killed${condition}; ${then}`);
      }
      return;
    case 'release': {
      // Not only its own runs: its address may be reserved for a run of a task with another name.
      const holders = spec === undefined ? (run === undefined ? [] : [run]) : blockers(state, spec);
      const lost = holders.filter((one) => one.phase === 'lost' || isOverdue(state, one, now));
      for (const one of lost) {
        if (one.phase !== 'lost') markLost(one, now, 'Mesos does not report its state');
        abandon(reduction, one, 'by the operator');
      }
      const returning = holders.find(isUnconfirmed);
      if (lost.length === 0 && returning !== undefined) reply(false, `${name} may be running: ${notYet(state, returning, now)}`);
      else if (lost.length === 0) reply(false, `${name} is not lost: its address is not reserved. 'restart' replaces it`);
      else
        reply(
          true,
          lost.map((one) => `${one.taskId} is abandoned; ${one.address} is free for a replacement`).join('; ') +
            (state.connected ? '' : condition),
        );
      return;
    }
    default:
      action satisfies never;
  }
}

/** What must happen before a command has an effect, as the end of a sentence; empty when it has one immediately. */
function conditionOf({connected, connection}: ReducerState, run: TaskRun | undefined): string {
  if (!connected) return `, as soon as the scheduler is subscribed again (${connection})`;
  if (run === undefined || !isUnconfirmed(run)) return '';
  return `, as soon as the agent on ${run.node} is registered with the Mesos master again, which takes up to 75 s after a restart of the master`;
}

/** Why a run that is not lost, although Mesos does not confirm it, is not abandoned yet. */
function notYet(state: ReducerState, run: TaskRun, now: number): string {
  if (!state.connected) return `there is no subscription at the Mesos master (${state.connection})`;
  const left = Math.max(0, Math.ceil((state.subscribedAt - now) / 1000 + AGENT_RETURN_SECONDS));
  return `the agent on ${run.node} has another ${left} s to register with the Mesos master again`;
}
