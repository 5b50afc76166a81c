import type {FreeRequest, FreeResult} from './address-freer.js';
import type {Clock} from './clock.js';
import type {Leadership} from './election.js';
import {DeposedError, type FrameworkStore} from './key-values.js';
import {messageOf} from './message-of.js';
import type {Effect, Sandbox, SchedulerEvent} from './model.js';
import type {Subscription} from './subscription.js';

const SAVE_RETRY_MS = 300;

export interface EffectPerformerOptions {
  readonly leadership: Leadership;
  readonly store: FrameworkStore;
  readonly clock: Clock;
  readonly freeAddress: (request: FreeRequest, isHeld: () => boolean) => Promise<FreeResult>;
  readonly explainEnd: (sandbox: Sandbox) => Promise<string | undefined>;
  readonly log: (level: 'info' | 'warn', message: string) => void;
  /** The present subscription, if there is one. */
  readonly subscription: () => Subscription | undefined;
  /** Receives the events that result from effects. */
  readonly dispatch: (event: SchedulerEvent) => void;
}

/** Performs the effects of the reducer, as long as this instance leads. */
export class EffectPerformer {
  readonly #options: EffectPerformerOptions;
  /** The last save in progress; saves, and what waits for them, keep their order. */
  #saving: Promise<void> = Promise.resolve();

  constructor(options: EffectPerformerOptions) {
    this.#options = options;
  }

  /** Resolves when all saves so far are complete. */
  saved(): Promise<void> {
    return this.#saving;
  }

  perform(effect: Exclude<Effect, {type: 'reply'}>): void {
    const {log, leadership} = this.#options;
    switch (effect.type) {
      case 'log':
        log(effect.level, effect.message);
        return;
      case 'call':
        this.#call(effect.call);
        return;
      case 'save': {
        // An acknowledgement is valid only on the subscription on which its update arrived.
        const subscription = this.#options.subscription();
        this.#saving = this.#saving.then(async () => {
          await this.#save(effect.ops);
          if (!leadership.isHeld()) return;
          if (subscription === this.#options.subscription()) for (const ack of effect.acks) this.#call(ack);
          this.#options.dispatch({type: 'saved', id: effect.id});
        });
        return;
      }
      case 'free-address':
        void this.#free(effect);
        return;
      case 'explain-end':
        void this.#explain(effect);
        return;
      default:
        effect satisfies never;
    }
  }

  async #free(effect: Extract<Effect, {type: 'free-address'}>): Promise<void> {
    const {freeAddress, leadership, log} = this.#options;
    const {address} = effect;
    const {ok, message} = await freeAddress(effect, leadership.isHeld).catch((error: unknown) => ({
      ok: false,
      message: `freeing ${address} failed: ${messageOf(error)}`,
    }));
    if (message !== '') log(ok ? 'info' : 'warn', `${effect.name}: ${message}`);
    if (leadership.isHeld()) this.#options.dispatch({type: 'address-freed', address, ok, message});
  }

  async #explain({name, sandbox}: Extract<Effect, {type: 'explain-end'}>): Promise<void> {
    const {explainEnd, leadership, log} = this.#options;
    const {taskId} = sandbox;
    try {
      const reason = await explainEnd(sandbox);
      if (reason !== undefined && leadership.isHeld()) this.#options.dispatch({type: 'end-explained', name, taskId, reason});
    } catch (error) {
      log('warn', `${taskId}: the output of its executor could not be read: ${messageOf(error)}`);
    }
  }

  #call(call: Parameters<Subscription['call']>[0]): void {
    const subscription = this.#options.subscription();
    if (subscription === undefined || !this.#options.leadership.isHeld()) return;
    subscription.call(call).catch((error: unknown) => {
      // A lost DECLINE would keep an offer for ever, and a lost ACCEPT leaves a launch uncertain: a new subscription resolves both.
      if (subscription === this.#options.subscription()) subscription.close(error);
    });
  }

  async #save(ops: Extract<Effect, {type: 'save'}>['ops']): Promise<void> {
    const {leadership, store, log, clock} = this.#options;
    for (let attempt = 0; ops.length > 0 && leadership.isHeld(); attempt++) {
      try {
        await store.commit(leadership.guard, ops);
        return;
      } catch (error) {
        if (error instanceof DeposedError) {
          await leadership.resign();
          return;
        }
        if (attempt === 0) log('warn', `the store did not accept a change, trying again: ${messageOf(error)}`);
        await clock.pause(SAVE_RETRY_MS, leadership.signal);
      }
    }
  }
}
