import {Hw5Error, type StepError} from '../support/errors.js';
import type {StepOutcome} from './events.js';
import {type GraphResult, isBlocked, runGraph} from './graph.js';
import {type Item, nameOf} from './items.js';
import {stepFailure} from './run-item.js';
import type {Session} from './session.js';

/** What a run does, and how its items depend on each other. */
export interface RunDefinition {
  readonly items: readonly Item[];
  /** Installs or removes one item. @param isDirty its host may have changed since it was observed */
  readonly run: (item: Item, isDirty: boolean) => Promise<StepOutcome>;
  /** Whether an item is blocked when one that it needs has failed. */
  readonly isBlocking: boolean;
  /** Errors by item. If there is any, no item is started. */
  readonly failedChecks: ReadonlyMap<string, StepError>;
}

export interface RunSummary {
  readonly changed: number;
  readonly unchanged: number;
  /** In the order of the steps. */
  readonly errors: readonly Hw5Error[];
}

/** How one item ended. */
interface ItemResult extends GraphResult {
  readonly item: Item;
  readonly outcome: StepOutcome;
  readonly error?: Hw5Error | undefined;
  /** It or something it needs may have changed the host: what was observed before may no longer hold. */
  readonly isDirty: boolean;
}

/** Runs all items, each when those it needs have ended. @throws InterruptedError, and bugs, once all items that were started have ended. */
export async function runItems(session: Session, definition: RunDefinition): Promise<RunSummary> {
  const {emit, signal} = session.options;
  /** Errors that an event has reported. The error of a lost host belongs to all its items and is reported by the first. */
  const reported = new Set<Hw5Error>();
  const results = await runGraph(definition.items, runItem).finally(() => signal?.throwIfAborted());
  const count = (outcome: StepOutcome): number => results.filter((result) => result.outcome === outcome).length;
  const errors = [...new Set(results.flatMap(({error}) => (error ? [error] : [])))];
  emit({
    type: 'end',
    changed: count('changed'),
    unchanged: count('unchanged'),
    failed: errors.length,
    blocked: count('blocked'),
    elapsedMs: performance.now() - session.started,
  });
  return {changed: count('changed'), unchanged: count('unchanged'), errors};

  async function runItem(item: Item, needs: readonly ItemResult[]): Promise<ItemResult> {
    const started = performance.now();
    const isDirty = needs.some((need) => need.isDirty);
    const result = (outcome: StepOutcome, error?: Hw5Error): ItemResult => ({
      item,
      outcome,
      error,
      group: item.step.name,
      hasFailed: outcome === 'failed' || outcome === 'blocked',
      // a step that failed may have changed something before
      isDirty: isDirty || outcome === 'changed' || outcome === 'failed',
    });
    const end = (outcome: StepOutcome, error?: Hw5Error): ItemResult => {
      if (error) reported.add(error);
      emit({type: 'step-end', ...nameOf(item), outcome, elapsedMs: performance.now() - started, error});
      return result(outcome, error);
    };
    // after an interruption nothing is started, nor reported
    if (signal?.aborted) return result('interrupted');
    const failedCheck = definition.failedChecks.get(item.key);
    if (failedCheck) return end('failed', failedCheck);
    const hostError = session.failures.get(item.node.name);
    if (definition.failedChecks.size > 0 && !hostError) return end('blocked');
    if (definition.isBlocking && isBlocked(needs, isUnreachableFrom(session, item))) return end('blocked');
    if (hostError) return reported.has(hostError) ? end('blocked') : end('failed', hostError);
    emit({type: 'step-start', ...nameOf(item)});
    try {
      return end(await definition.run(item, isDirty));
    } catch (error) {
      if (signal?.aborted) return end('interrupted');
      if (!(error instanceof Hw5Error)) throw error;
      return end('failed', stepFailure(session, item, error));
    }
  }
}

/** Another host that cannot be reached blocks nothing on this one if the step that is needed succeeded elsewhere. */
function isUnreachableFrom(session: Session, {node}: Item): (need: ItemResult) => boolean {
  return ({item}) => item.node.name !== node.name && session.failures.has(item.node.name);
}
