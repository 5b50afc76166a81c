import type {StepOutcome} from './events.js';

/** Changes the hosts of a step one after the other. Once one has failed, the others are not changed: they still run. */
export class RollingChanges {
  readonly #last = new Map<string, Promise<StepOutcome>>();

  /** @returns `blocked` when an earlier change of the step has failed */
  async run(step: string, change: () => Promise<StepOutcome>): Promise<StepOutcome> {
    const previous = this.#last.get(step) ?? Promise.resolve<StepOutcome>('unchanged');
    const next = previous.then(
      (outcome) => (outcome === 'blocked' ? outcome : change()),
      () => 'blocked' as const,
    );
    this.#last.set(step, next);
    return next;
  }
}
