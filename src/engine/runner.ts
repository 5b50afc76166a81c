import {Hw5Error, type StepError} from '../support/errors.js';
import type {Action} from './action.js';
import {reversed} from './graph.js';
import {type Direction, nameOf, targetsOf} from './items.js';
import {FactTimeoutError} from './observe.js';
import {RollingChanges} from './rolling.js';
import {checkFailure, install, planOf, remove, retire, stepFailure} from './run-item.js';
import {type RunSummary, runItems} from './run-items.js';
import {Session, type SessionOptions} from './session.js';

/** What `up` would do for one step on one host. */
export interface ItemPlan {
  readonly step: string;
  readonly title: string;
  readonly host: string;
  readonly actions: readonly Action[];
  /** What `up` would wait for, if it is not so yet. */
  readonly waitFor: string | undefined;
  readonly error: Hw5Error | undefined;
}

/** What `up` would do, from one observation of every host. Changes nothing. @throws InterruptedError. */
export async function planRun(options: SessionOptions): Promise<readonly ItemPlan[]> {
  await using session = await Session.open(options);
  return session.items.map((item) => {
    const nothing = {...nameOf(item), actions: [], waitFor: undefined, error: undefined};
    // one error for all steps of the host: it is printed once
    const hostError = session.failures.get(item.node.name);
    if (hostError) return {...nothing, error: hostError};
    try {
      const failure = checkFailure(session, item);
      if (failure) throw failure;
      const waitFor = session.isReady(item) ? undefined : item.step.ready!(session.context(item)).reason;
      return {...nothing, actions: planOf(session, item), waitFor};
    } catch (error) {
      if (!(error instanceof Hw5Error)) throw error;
      return {...nothing, error: stepFailure(session, item, error)};
    }
  });
}

/**
 * Installs every step on every host, each as early as what it needs allows. A failure blocks only what needs the step; but where the first
 * observation already fails a step's check, nothing is started on any host.
 */
export async function upRun(options: SessionOptions): Promise<RunSummary> {
  const rolling = new RollingChanges();
  return run('up', options, (session) => {
    const {items} = session;
    const retired = items.filter((item) => item.isRetired);
    if (retired.length > 0)
      options.emit({type: 'more-steps', steps: retired.map((item) => ({name: nameOf(item).step, hosts: [item.node.name]}))});
    return runItems(session, {
      items,
      isBlocking: true,
      failedChecks: failedChecks(session),
      run: (item, isDirty) => (item.isRetired ? retire(session, item, isDirty) : install(session, item, isDirty, rolling)),
    });
  });
}

/** Removes every step from every host, in reverse. A failure blocks nothing. */
export async function downRun(options: SessionOptions & {readonly purge: boolean}): Promise<RunSummary> {
  return run('down', options, (session) =>
    runItems(session, {
      items: reversed(session.items),
      isBlocking: false,
      failedChecks: new Map(),
      run: (item, isDirty) => remove(session, item, isDirty, options.purge),
    }),
  );
}

async function run(
  direction: Direction,
  options: SessionOptions,
  body: (session: Session) => Promise<RunSummary>,
): Promise<RunSummary> {
  const {emit, cluster, steps} = options;
  const started = performance.now();
  emit({
    type: 'start',
    run: direction,
    hosts: cluster.nodes.map(({name}) => name),
    steps: steps.map((step) => ({name: step.name, hosts: targetsOf(step, cluster, direction).map(({name}) => name)})),
  });
  try {
    await using session = await Session.open({...options, direction});
    return await body(session);
  } catch (error) {
    emit({type: 'aborted', elapsedMs: performance.now() - started});
    throw error;
  }
}

/** The checks that fail by the first observation. A step that could not be observed yet is checked when it is started. */
function failedChecks(session: Session): ReadonlyMap<string, StepError> {
  const failures = new Map<string, StepError>();
  for (const item of session.items) {
    if (session.failures.has(item.node.name)) continue;
    try {
      const failure = checkFailure(session, item);
      if (failure) failures.set(item.key, failure);
    } catch (error) {
      if (!(error instanceof FactTimeoutError)) throw error;
    }
  }
  return failures;
}
