import type {TaskAction} from '../scheduler-api/commands.js';
import {requestOffersAgain} from './offers.js';
import {type Reduction, slotOf} from './reduction.js';
import {abandon, markLost} from './reservation.js';
import {blockers, currentRun, isUnconfirmed} from './runs.js';
import {KILL_GRACE_SECONDS} from './task-info.js';
import {markForTermination} from './termination.js';

/** Carries out an operator's command for a task, and replies to it. */
export function onCommand(reduction: Reduction, action: TaskAction, name: string): void {
  const {state, now} = reduction;
  const reply = (ok: boolean, message: string) => reduction.effects.push({type: 'reply', ok, message});
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
        Object.assign(slotOf(reduction, name), {notBefore: now, failures: 0});
        requestOffersAgain(reduction, name);
        reply(true, `${name} does not run; it will be started as soon as possible${whenConnected}`);
      } else if (run.phase === 'lost') {
        reply(false, `${name} is lost on ${run.node}; 'release' abandons it and starts it elsewhere`);
      } else {
        markForTermination(reduction, run, 'restart', 'an operator restarts it', KILL_GRACE_SECONDS);
        reply(true, `${run.taskId} will be ended and started again${whenConnected}`);
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
        reply(true, `${run.taskId} will be killed${whenConnected}; because it is desired it is started again`);
      }
      return;
    case 'release': {
      // Not only its own runs: its address may be reserved for a run of a task with another name.
      const holders = spec === undefined ? (run === undefined ? [] : [run]) : blockers(state, spec);
      const lost = holders.filter((one) => one.phase === 'lost' || isUnconfirmed(one));
      for (const one of lost) {
        if (one.phase !== 'lost') markLost(one, now, 'Mesos does not report its state');
        abandon(reduction, one, 'by the operator');
      }
      if (lost.length === 0) reply(false, `${name} is not lost: its address is not reserved. 'restart' replaces it`);
      else
        reply(
          true,
          lost.map((one) => `${one.taskId} is abandoned; ${one.address} is free for a replacement`).join('; ') + whenConnected,
        );
      return;
    }
    default:
      action satisfies never;
  }
}
