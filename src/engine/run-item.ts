import {setTimeout as pause} from 'node:timers/promises';
import {ConnectError, type Hw5Error, StepError} from '../support/errors.js';
import {type Action, describe} from './action.js';
import type {StepOutcome} from './events.js';
import {type Item, nameOf} from './items.js';
import {hasTimedOut} from './observe.js';
import {perform} from './perform.js';
import type {RollingChanges} from './rolling.js';
import type {Session} from './session.js';
import {lastLinesOf} from './unit-failure.js';
import {waitFor} from './wait.js';

/** So long after an observation that something is left to do, it is made again. */
const SETTLE_MS = 2_000;

/**
 * Installs a step on its host: plans by what was observed, performs the plan, waits until the step is ready and checks that nothing is left
 * to do. @param isDirty the host may have changed since it was observed
 */
export async function install(session: Session, item: Item, isDirty: boolean, rolling: RollingChanges): Promise<StepOutcome> {
  await refresh(session, item, isDirty);
  const failure = checkFailure(session, item);
  if (failure) throw failure;
  if (planOf(session, item).length === 0 && session.isReady(item)) return 'unchanged';
  if (!item.step.isRolling?.(session.observed(item))) return converge(session, item);
  return rolling.run(item.step.name, async () => {
    await session.observe(item);
    return converge(session, item);
  });
}

/** Performs the step's plan on the host. @throws StepError when something is left to do afterwards */
async function converge(session: Session, item: Item): Promise<StepOutcome> {
  const actions = planOf(session, item);
  await performAll(session, item, actions);
  const wait = item.step.ready?.(session.context(item));
  if (wait) {
    session.options.emit({type: 'waiting', step: item.step.name, host: item.node.name, reason: wait.reason});
    await waitFor(session.host(item.node.name), wait, session.options.signal, item.step.units);
  }
  if (actions.length === 0) return 'unchanged';
  if ((await leftToDo(session, item)).length === 0) return 'changed';
  // a service that ended once may be up again
  await pause(SETTLE_MS, undefined, {signal: session.options.signal}).catch(() => session.options.signal?.throwIfAborted());
  let left = await leftToDo(session, item);
  // what was waited for was true for a moment only: the wait's own error has the reason
  if (left.length > 0 && wait && !session.isReady(item)) {
    await waitFor(session.host(item.node.name), wait, session.options.signal, item.step.units);
    left = await leftToDo(session, item);
  }
  if (left.length > 0) throw await notConverged(session, item, actions, left);
  return 'changed';
}

async function leftToDo(session: Session, item: Item): Promise<readonly Action[]> {
  await session.observe(item);
  // a fetch changes the controller, which is not observed
  return planOf(session, item).filter((action) => action.kind !== 'fetch');
}

/** Removes a step from a host that has lost the role. @throws StepError when something of it is left */
export async function retire(session: Session, item: Item, isDirty: boolean): Promise<StepOutcome> {
  const planned = await performUndo(session, item, isDirty, false);
  await session.observe(item);
  const left = session.undoOf(item, false);
  if (left.length > 0) throw await notConverged(session, item, planned, left);
  return outcomeOf(planned);
}

/** Removes a step from its host. */
export async function remove(session: Session, item: Item, isDirty: boolean, purge: boolean): Promise<StepOutcome> {
  return outcomeOf(await performUndo(session, item, isDirty, purge));
}

async function performUndo(session: Session, item: Item, isDirty: boolean, purge: boolean): Promise<readonly Action[]> {
  await refresh(session, item, isDirty);
  const actions = session.undoOf(item, purge);
  await performAll(session, item, actions);
  return actions;
}

function outcomeOf(actions: readonly Action[]): StepOutcome {
  return actions.length === 0 ? 'unchanged' : 'changed';
}

/** Observes the host again where the first observation is outdated or incomplete. */
async function refresh(session: Session, item: Item, isDirty: boolean): Promise<void> {
  if (isDirty || hasTimedOut(session.observed(item))) await session.observe(item);
}

/** What has to be done on the host, by what was observed last. */
export function planOf(session: Session, item: Item): readonly Action[] {
  if (item.isRetired) return session.undoOf(item, false);
  return item.step.plan(session.observed(item), session.planContext(item));
}

/** The checks of the step that the host fails, as one error. */
export function checkFailure(session: Session, item: Item): StepError | undefined {
  const failed = item.isRetired ? [] : (item.step.check?.(session.observed(item), session.planContext(item)) ?? []);
  if (failed.length === 0) return undefined;
  return new StepError(item.step.name, item.node.name, failed.map(({message}) => message).join('; '), {
    hint: failed.map(({hint}) => hint).join('; '),
  });
}

/** An error of an item, as the step's. A lost connection fails all items at work on the host: the first error is reported for all. */
export function stepFailure(session: Session, {step, node}: Item, error: Hw5Error): Hw5Error {
  const failure =
    error instanceof StepError ? error : new StepError(step.name, node.name, error.message, {hint: error.hint, cause: error});
  if (!(error instanceof ConnectError)) return failure;
  const first = session.failures.get(node.name) ?? failure;
  session.failures.set(node.name, first);
  return first;
}

async function performAll(session: Session, item: Item, actions: readonly Action[]): Promise<void> {
  const {emit, signal} = session.options;
  const {step, host} = nameOf(item);
  for (const action of actions) {
    signal?.throwIfAborted();
    const script = action.kind === 'script' ? {script: action.script} : {};
    emit({type: 'action', step, host, action: describe(action), ...script});
    if (action.kind === 'systemctl' && action.waitsFor !== undefined)
      emit({type: 'waiting', step, host, reason: action.waitsFor});
    await perform(session.host(item.node.name), action, signal);
  }
}

/**
 * The error of a host that is not as the actions left it. Where the same has to be done again, the host has changed since. Only where
 * something else is left, hw5 may have planned wrongly.
 */
async function notConverged(
  session: Session,
  {step, node}: Item,
  performed: readonly Action[],
  left: readonly Action[],
): Promise<StepError> {
  const done = new Set(performed.map(describe));
  const lines = left.map(describe);
  const isUndone = lines.every((line) => done.has(line));
  const {units = []} = step;
  const journal = await lastLinesOf(session.host(node.name), units, session.options.signal);
  const log = units.length === 0 ? '' : `, or what it started has ended again: see \`journalctl -u ${units[0]}\` on ${node.name}`;
  return isUndone
    ? new StepError(step.name, node.name, `it did not stay as hw5 made it; to do again: ${lines.join('; ')}`, {
        hint: `another program changes ${node.name}${log}`,
        journal,
      })
    : new StepError(step.name, node.name, `did not converge; still to do: ${lines.join('; ')}`, {
        hint: `another program changes ${node.name}${log}; if neither, it is a bug of hw5: run again with --verbose`,
        journal,
      });
}
