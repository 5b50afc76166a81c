import {TimeoutError} from '../support/errors.js';
import {Deadline} from './deadline.js';

/** Time limits that are all paused while the user answers a prompt, whichever host it concerns: prompts for several hosts are shown one after the other. */
export class PromptAwareLimits {
  readonly #limits = new Set<Deadline>();
  #open = 0;

  promptOpened(): void {
    this.#open++;
    for (const limit of this.#limits) limit.pause();
  }

  promptAnswered(): void {
    this.#open--;
    for (const limit of this.#limits) limit.resume();
  }

  /** @param work its signal aborts when the limit is reached and the result is no longer awaited. @throws TimeoutError, and what `work` throws */
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
