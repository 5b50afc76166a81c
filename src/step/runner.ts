import {ConnectError, Hw5Error, StepError} from '../support/errors.js';
import {type Action, describe} from './action.js';
import type {Outcome} from './events.js';
import {type Direction, type Item, targetsOf} from './graph.js';
import {isSilent} from './observe.js';
import {perform} from './perform.js';
import {Session, type SessionOptions} from './session.js';
import {waitFor} from './wait.js';

/** What one step would do on one host. */
export interface ItemPlan {
  readonly step: string;
  readonly title: string;
  readonly host: string;
  readonly actions: readonly Action[];
  /** What `up` would wait for, if it is not so yet. */
  readonly waitFor: string | undefined;
  readonly error: Hw5Error | undefined;
}

export interface RunResult {
  readonly changed: number;
  readonly unchanged: number;
  /** In the order of the steps. */
  readonly errors: readonly Hw5Error[];
}

interface ItemResult {
  readonly outcome: Outcome;
  readonly error?: Hw5Error | undefined;
  /** It or something it needs changed the host: what was seen before may no longer hold. */
  readonly isDirty: boolean;
}

/** What `up` would do, from one look at every host. Changes nothing. @throws InterruptedError. */
export async function planRun(options: SessionOptions): Promise<readonly ItemPlan[]> {
  await using session = await Session.open(options);
  return session.items.map((item) => {
    const base = {step: item.step.name, title: item.step.title, host: item.node.name};
    try {
      const failure = session.failures.get(item.node.name) ?? problemsOf(session, item);
      if (failure) throw failure;
      const actions = planOf(session, item);
      const waits = session.isReady(item) ? undefined : item.step.ready!(session.context(item)).reason;
      return {...base, actions, waitFor: waits, error: undefined};
    } catch (error) {
      if (!(error instanceof Hw5Error)) throw error;
      return {...base, actions: [], waitFor: undefined, error: failureOf(session, item, error)};
    }
  });
}

/** Brings the cluster up: every step on every host, as early as what it needs allows. Failures stop only what needs them. */
export async function upRun(options: SessionOptions): Promise<RunResult> {
  const turns = new Turns();
  return run('up', options, (session) =>
    schedule(
      session,
      session.items,
      (item) => item.needs,
      true,
      (item, isDirty) => bringUp(session, item, isDirty, turns),
    ),
  );
}

/** Takes the cluster away: every step's undo in reverse. A failure stops nothing else. */
export async function downRun(options: SessionOptions & {readonly purge: boolean}): Promise<RunResult> {
  return run('down', options, (session) => {
    const dependents = (item: Item): string[] =>
      session.items.filter((other) => other.needs.includes(item.key)).map((other) => other.key);
    return schedule(session, [...session.items].reverse(), dependents, false, (item, isDirty) =>
      takeDown(session, item, isDirty, options.purge),
    );
  });
}

async function run(
  direction: Direction,
  options: SessionOptions,
  work: (session: Session) => Promise<RunResult>,
): Promise<RunResult> {
  const {emit, cluster} = options;
  const begun = performance.now();
  emit({type: 'start', run: direction, hosts: cluster.nodes.map((node) => node.name), steps: stepsOf(options, direction)});
  try {
    await using session = await Session.open({...options, direction});
    return await work(session);
  } catch (error) {
    emit({type: 'aborted', elapsedMs: performance.now() - begun});
    throw error;
  }
}

function stepsOf({steps, cluster}: SessionOptions, direction: Direction): {name: string; hosts: string[]}[] {
  return steps.map((step) => ({name: step.name, hosts: targetsOf(step, cluster, direction).map((node) => node.name)}));
}

/** Runs all items, each when those before it are done. @throws InterruptedError, and bugs, when all that had begun has ended. */
async function schedule(
  session: Session,
  order: readonly Item[],
  before: (item: Item) => readonly string[],
  stopsOnFailure: boolean,
  work: (item: Item, isDirty: boolean) => Promise<Outcome>,
): Promise<RunResult> {
  const {emit, signal} = session.options;
  const results = new Map<string, Promise<ItemResult>>();
  /** Errors that stand in an event. */
  const told = new Set<Hw5Error>();
  const tell = (error: Hw5Error): Hw5Error => {
    told.add(error);
    return error;
  };
  for (const item of order) results.set(item.key, runItem(item));
  const settled = await Promise.allSettled(results.values());
  signal?.throwIfAborted();
  const all = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  const count = (outcome: Outcome): number => all.filter((result) => result.outcome === outcome).length;
  const errors = [...new Set(all.flatMap((result) => (result.error ? [result.error] : [])))];
  emit({
    type: 'end',
    changed: count('changed'),
    unchanged: count('unchanged'),
    failed: errors.length,
    blocked: count('blocked'),
    elapsedMs: performance.now() - session.started,
  });
  return {changed: count('changed'), unchanged: count('unchanged'), errors};

  async function runItem(item: Item): Promise<ItemResult> {
    // the others' promises exist only after this turn of the loop
    await Promise.resolve();
    const earlier = await Promise.all(before(item).map((key) => results.get(key)!));
    const isDirty = earlier.some((result) => result.isDirty);
    const base = {step: item.step.name, title: item.step.title, host: item.node.name};
    const begun = performance.now();
    const end = (outcome: Outcome, error?: Hw5Error): ItemResult => {
      emit({type: 'step-end', ...base, outcome, elapsedMs: performance.now() - begun, error});
      return {outcome, error, isDirty: isDirty || outcome === 'changed' || outcome === 'failed'};
    };
    // nothing begins after Ctrl-C, and nothing is said of it
    if (signal?.aborted) return {outcome: 'interrupted', isDirty};
    if (stopsOnFailure && earlier.some((result) => result.outcome === 'failed' || result.outcome === 'blocked'))
      return end('blocked');
    const lost = session.failures.get(item.node.name);
    if (lost) return told.has(lost) ? end('blocked') : end('failed', tell(lost));
    try {
      emit({type: 'step-start', ...base});
      return end(await work(item, isDirty));
    } catch (error) {
      if (signal?.aborted) return end('interrupted');
      if (!(error instanceof Hw5Error)) throw error;
      return end('failed', tell(failureOf(session, item, error)));
    }
  }
}

/** The error as the step's. A host whose connection is lost fails all that is at work on it: the first error stands for all. */
function failureOf(session: Session, item: Item, error: Hw5Error): Hw5Error {
  const {step, node} = item;
  const own =
    error instanceof StepError ? error : new StepError(step.name, node.name, error.message, {hint: error.hint, cause: error});
  if (!(error instanceof ConnectError)) return own;
  const first = session.failures.get(node.name) ?? own;
  session.failures.set(node.name, first);
  return first;
}

async function bringUp(session: Session, item: Item, isDirty: boolean, turns: Turns): Promise<Outcome> {
  const {step} = item;
  if (isDirty || isSilent(session.seen(item))) await session.observe(item);
  const failure = problemsOf(session, item);
  if (failure) throw failure;
  if (planOf(session, item).length === 0 && session.isReady(item)) return 'unchanged';
  if (!step.isRolling?.(session.seen(item))) return await act(session, item);
  return await turns.take(step.name, async () => {
    await session.observe(item);
    return await act(session, item);
  });
}

async function act(session: Session, item: Item): Promise<Outcome> {
  const actions = planOf(session, item);
  await performAll(session, item, actions);
  const wait = item.step.ready?.(session.context(item));
  if (wait) {
    session.options.emit({type: 'waiting', step: item.step.name, host: item.node.name, reason: wait.reason});
    await waitFor(session.host(item.node.name), wait, session.options.signal);
  }
  if (actions.length === 0) return 'unchanged';
  await session.observe(item);
  // what a fetch brought to this computer shows on no host
  const left = planOf(session, item).filter((action) => action.kind !== 'fetch');
  if (left.length === 0) return 'changed';
  throw new StepError(item.step.name, item.node.name, `did not converge; still to do: ${left.map(describe).join('; ')}`, {
    hint: 'something else changes this host, or this is a bug of hw5: run again with --verbose',
  });
}

async function takeDown(session: Session, item: Item, isDirty: boolean, purge: boolean): Promise<Outcome> {
  if (isDirty || isSilent(session.seen(item))) await session.observe(item);
  const actions = item.step.undo(session.seen(item), {...session.planContext(item), purge});
  await performAll(session, item, actions);
  return actions.length === 0 ? 'unchanged' : 'changed';
}

async function performAll(session: Session, item: Item, actions: readonly Action[]): Promise<void> {
  const {emit, signal} = session.options;
  for (const action of actions) {
    signal?.throwIfAborted();
    const script = action.kind === 'script' ? {script: action.script} : {};
    emit({type: 'action', step: item.step.name, host: item.node.name, action: describe(action), ...script});
    await perform(session.host(item.node.name), action, signal);
  }
}

function planOf(session: Session, item: Item): readonly Action[] {
  return item.step.plan(session.seen(item), session.planContext(item));
}

function problemsOf(session: Session, item: Item): StepError | undefined {
  const problems = item.step.check?.(session.seen(item), session.planContext(item)) ?? [];
  if (problems.length === 0) return undefined;
  return new StepError(item.step.name, item.node.name, problems.map((problem) => problem.message).join('; '), {
    hint: problems.map((problem) => problem.hint).join('; '),
  });
}

/** Lets one host after the other through, per step. Once one has failed, the others stay as they are: they still run. */
class Turns {
  readonly #last = new Map<string, Promise<Outcome>>();

  async take(name: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const before = this.#last.get(name) ?? Promise.resolve<Outcome>('unchanged');
    const mine = before.then(
      (outcome) => (outcome === 'blocked' ? outcome : work()),
      () => 'blocked' as const,
    );
    this.#last.set(name, mine);
    return mine;
  }
}
