import {ConnectError, Hw5Error, StepError} from '../support/errors.js';
import {type Action, describe} from './action.js';
import type {Outcome} from './events.js';
import {type Direction, type Item, targetsOf} from './graph.js';
import {isSilent, SilentError} from './observe.js';
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
  readonly item: Item;
  readonly outcome: Outcome;
  readonly error?: Hw5Error | undefined;
  /** It or something it needs changed the host: what was seen before may no longer hold. */
  readonly isDirty: boolean;
}

/** What `up` would do, from one look at every host. Changes nothing. @throws InterruptedError. */
export async function planRun(options: SessionOptions): Promise<readonly ItemPlan[]> {
  await using session = await Session.open(options);
  return session.items.map((item) => {
    const base = namesOf(item);
    // the same error for all of a host's steps: it is told once
    const lost = session.failures.get(item.node.name);
    if (lost) return {...base, actions: [], waitFor: undefined, error: lost};
    try {
      const failure = problemsOf(session, item);
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

/**
 * Brings the cluster up: every step on every host, as early as what it needs allows. Failures stop only what needs them; but where a step's
 * check objects to what was seen at first, nothing begins anywhere.
 */
export async function upRun(options: SessionOptions): Promise<RunResult> {
  const turns = new Turns();
  return run('up', options, (session) => {
    const retired = session.items.filter((item) => item.isRetired);
    if (retired.length > 0)
      options.emit({type: 'more-steps', steps: retired.map((item) => ({name: namesOf(item).step, hosts: [item.node.name]}))});
    return schedule(
      session,
      session.items,
      (item) => item.needs,
      true,
      (item, isDirty) => (item.isRetired ? retire(session, item, isDirty) : bringUp(session, item, isDirty, turns)),
      objections(session),
    );
  });
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
  objected: ReadonlyMap<string, StepError> = new Map(),
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
    const base = namesOf(item);
    const begun = performance.now();
    const end = (outcome: Outcome, error?: Hw5Error): ItemResult => {
      emit({type: 'step-end', ...base, outcome, elapsedMs: performance.now() - begun, error});
      return {item, outcome, error, isDirty: isDirty || outcome === 'changed' || outcome === 'failed'};
    };
    // nothing begins after Ctrl-C, and nothing is said of it
    if (signal?.aborted) return {item, outcome: 'interrupted', isDirty};
    const lost = session.failures.get(item.node.name);
    const objection = objected.get(item.key);
    if (objection) return end('failed', tell(objection));
    if (objected.size > 0 && !lost) return end('blocked');
    if (stopsOnFailure && isHeldUp(session, item, earlier)) return end('blocked');
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

/** Whether something it needs failed. A host that cannot be reached stands in nobody's way if another one has the step. */
function isHeldUp(session: Session, {node}: Item, earlier: readonly ItemResult[]): boolean {
  const isBad = ({outcome}: ItemResult): boolean => outcome === 'failed' || outcome === 'blocked';
  const isAway = ({item}: ItemResult): boolean => item.node.name !== node.name && session.failures.has(item.node.name);
  return earlier.some(
    (result) =>
      isBad(result) && !(isAway(result) && earlier.some((other) => other.item.step === result.item.step && !isBad(other))),
  );
}

/** How an item is named in events and plans: taking away is a step of its own. */
function namesOf({step, node, isRetired}: Item): {readonly step: string; readonly title: string; readonly host: string} {
  return {
    step: isRetired ? `${step.name}-retired` : step.name,
    title: isRetired ? `${step.title}, no longer wanted` : step.title,
    host: node.name,
  };
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
  throw notConverged(item, left);
}

function notConverged({step, node}: Item, left: readonly Action[]): StepError {
  return new StepError(step.name, node.name, `did not converge; still to do: ${left.map(describe).join('; ')}`, {
    hint: 'something else changes this host, or this is a bug of hw5: run again with --verbose',
  });
}

/** Takes away what `up` finds where it is not wanted any more. */
async function retire(session: Session, item: Item, isDirty: boolean): Promise<Outcome> {
  const outcome = await takeDown(session, item, isDirty, false);
  await session.observe(item);
  const left = session.undoOf(item, false);
  if (left.length === 0) return outcome;
  throw notConverged(item, left);
}

async function takeDown(session: Session, item: Item, isDirty: boolean, purge: boolean): Promise<Outcome> {
  if (isDirty || isSilent(session.seen(item))) await session.observe(item);
  const actions = session.undoOf(item, purge);
  await performAll(session, item, actions);
  return actions.length === 0 ? 'unchanged' : 'changed';
}

async function performAll(session: Session, item: Item, actions: readonly Action[]): Promise<void> {
  const {emit, signal} = session.options;
  for (const action of actions) {
    signal?.throwIfAborted();
    const script = action.kind === 'script' ? {script: action.script} : {};
    const {step, host} = namesOf(item);
    emit({type: 'action', step, host, action: describe(action), ...script});
    await perform(session.host(item.node.name), action, signal);
  }
}

function planOf(session: Session, item: Item): readonly Action[] {
  if (item.isRetired) return session.undoOf(item, false);
  return item.step.plan(session.seen(item), session.planContext(item));
}

function problemsOf(session: Session, item: Item): StepError | undefined {
  const problems = item.isRetired ? [] : (item.step.check?.(session.seen(item), session.planContext(item)) ?? []);
  if (problems.length === 0) return undefined;
  return new StepError(item.step.name, item.node.name, problems.map((problem) => problem.message).join('; '), {
    hint: problems.map((problem) => problem.hint).join('; '),
  });
}

/** What stands against the whole run, as far as the first look shows it: what was not seen is asked again at its step's turn, and objects then. */
function objections(session: Session): ReadonlyMap<string, StepError> {
  const found = new Map<string, StepError>();
  for (const item of session.items) {
    if (session.failures.has(item.node.name)) continue;
    try {
      const problem = problemsOf(session, item);
      if (problem) found.set(item.key, problem);
    } catch (error) {
      if (!(error instanceof SilentError)) throw error;
    }
  }
  return found;
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
