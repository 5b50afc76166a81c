import {TimeoutError} from '../support/errors.js';
import {Deadline} from './deadline.js';

/** Time limits that stand still while the user is asked something, whichever host it is for: questions wait for each other. */
export class Questions {
  readonly #limits = new Set<Deadline>();
  #open = 0;

  asked(): void {
    this.#open++;
    for (const limit of this.#limits) limit.pause();
  }

  answered(): void {
    this.#open--;
    for (const limit of this.#limits) limit.resume();
  }

  /** @param work is told by its signal when nobody waits for it any more. @throws TimeoutError, and what `work` throws. */
  async within<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const end = new AbortController();
    const late = new Promise<never>((_, reject) => {
      end.signal.addEventListener('abort', () => reject(end.signal.reason), {once: true});
    });
    const limit = new Deadline(milliseconds, () => end.abort(new TimeoutError(`no answer within ${milliseconds / 1000} s`)));
    for (let open = 0; open < this.#open; open++) limit.pause();
    this.#limits.add(limit);
    try {
      return await Promise.race([late, work(end.signal)]);
    } finally {
      limit.stop();
      this.#limits.delete(limit);
    }
  }
}
