import type {Command, Reply} from '../scheduler-api/commands.js';
import type {PublishedView} from '../scheduler-api/published-view.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import {API_VERSION} from '../scheduler-api/version.js';
import type {FreeRequest, FreeResult} from './address-freer.js';
import {type MesosClient, MesosError, messageOf, type Subscription} from './client.js';
import type {Leadership} from './election.js';
import {DeposedError, type FrameworkStore} from './key-values.js';
import type {Effect, ReducerState, SchedulerEvent} from './model.js';
import {Noticeboard} from './noticeboard.js';
import {type Records, stateFrom} from './records.js';
import {mayRegisterAnew, wasRemoved} from './registration.js';
import {reduce} from './scheduler.js';
import type {Settings} from './settings.js';
import {viewOf} from './view.js';
import {pause} from './wait.js';

const TICK_MS = 500;
const SAVE_RETRY_MS = 300;
const RECONNECT_MS = {first: 250, ceiling: 5_000};

export interface LeaderOptions {
  readonly node: string;
  readonly leadership: Leadership;
  readonly store: FrameworkStore;
  readonly client: MesosClient;
  readonly name: string;
  readonly settings: Settings;
  /** Milliseconds since 1970; may jump when somebody sets the clock. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly freeAddress: (request: FreeRequest, isHeld: () => boolean) => Promise<FreeResult>;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Joins the pure scheduler to the master, the store and the clock, for as long as this instance leads. */
export class Leader {
  readonly #options: LeaderOptions;
  #state: ReducerState;
  #subscription: Subscription | undefined;
  #isMasterUnresponsive = false;
  /** The last save under way; saves and what hangs on them keep their order. */
  #saving: Promise<void> = Promise.resolve();
  /**
   * Milliseconds since 1970 by the clock as it was when this began to lead, and evenly from then on: a clock that is set forward
   * must not open a fence early, one that is set back must not make every wait an hour longer.
   */
  readonly #now: () => number;

  private constructor(options: LeaderOptions, records: Records) {
    const {now, monotonic} = options;
    const zero = now() - monotonic();
    this.#now = () => zero + monotonic();
    this.#options = options;
    this.#state = stateFrom(records, options.settings, this.#now());
  }

  /** Takes over what the predecessor left in the store. */
  static async takeOver(options: LeaderOptions): Promise<Leader> {
    return new Leader(options, await options.store.load());
  }

  get state(): ReducerState {
    return this.#state;
  }

  view(): PublishedView {
    return {
      apiVersion: API_VERSION,
      ...viewOf(this.#state, this.#now()),
      master: this.#subscription?.master ?? null,
      leader: this.#options.node,
      isMasterUnresponsive: this.#isMasterUnresponsive,
    };
  }

  /** Leads until the leadership is lost or `stop` is aborted. Tasks go on running in any case. */
  async run(stop: AbortSignal): Promise<void> {
    const {leadership} = this.#options;
    const end = new AbortController();
    for (const signal of [stop, leadership.signal]) {
      if (signal.aborted) end.abort();
      signal.addEventListener('abort', () => end.abort(), {once: true});
    }
    // A deposed leader must not send one more call.
    const close = () => {
      const subscription = this.#subscription;
      this.#subscription = undefined;
      subscription?.close();
    };
    end.signal.addEventListener('abort', close, {once: true});
    const board = new Noticeboard({
      ...this.#options,
      show: () => this.view(),
      obey: (command) => this.command(command),
    });
    const ticker = setInterval(() => {
      if (!leadership.isHeld()) return;
      this.dispatch({type: 'tick'});
      void board.update();
    }, TICK_MS);
    try {
      await this.#subscribeForEver(end.signal);
      if (leadership.isHeld()) await this.#saving;
    } finally {
      clearInterval(ticker);
    }
  }

  /** Sets the wanted tasks if this is the newer statement. */
  want(tasks: readonly TaskSpec[], at: number): boolean {
    if (at <= this.#state.desiredAt || JSON.stringify(tasks) === JSON.stringify(this.#state.desired)) return false;
    this.dispatch({type: 'desired', tasks, at});
    return true;
  }

  /** Does what an operator wants. */
  command(command: Command): Reply {
    if (command.action === 'resign') return this.#giveWay();
    if (command.action !== 'desired')
      return this.dispatch({type: 'command', action: command.action, name: command.name}) ?? {ok: true, message: ''};
    this.dispatch({type: 'desired', tasks: command.tasks, at: command.at});
    return {ok: true, message: `${command.tasks.length} tasks are wanted`};
  }

  #giveWay(): Reply {
    if (!this.#isMasterUnresponsive) return {ok: false, message: 'this instance reaches the Mesos master'};
    this.#options.log('warn', 'another instance reaches the Mesos master: giving way to it');
    void this.#options.leadership.resign();
    return {ok: true, message: ''};
  }

  /** Reduces an event and carries out what follows from it. */
  dispatch(event: SchedulerEvent): Reply | undefined {
    const {state, effects} = reduce(this.#state, event, this.#now());
    this.#state = state;
    let reply: Reply | undefined;
    for (const effect of effects) {
      if (effect.type === 'reply') reply = {ok: effect.ok, message: effect.message};
      else this.#perform(effect);
    }
    return reply;
  }

  #perform(effect: Exclude<Effect, {type: 'reply'}>): void {
    const {log, leadership} = this.#options;
    switch (effect.type) {
      case 'log':
        log(effect.level, effect.message);
        return;
      case 'call':
        this.#call(effect.call);
        return;
      case 'save': {
        // The acknowledgements belong to the subscription on which the updates came.
        const subscription = this.#subscription;
        this.#saving = this.#saving.then(async () => {
          await this.#save(effect.ops);
          if (!leadership.isHeld()) return;
          if (subscription === this.#subscription) for (const ack of effect.acks) this.#call(ack);
          this.dispatch({type: 'saved', id: effect.id});
        });
        return;
      }
      case 'free-address':
        void this.#free(effect);
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
    if (leadership.isHeld()) this.dispatch({type: 'address-freed', address, ok, message});
  }

  #call(call: Parameters<Subscription['call']>[0]): void {
    const subscription = this.#subscription;
    if (subscription === undefined || !this.#options.leadership.isHeld()) return;
    subscription.call(call).catch((error: unknown) => {
      // A lost DECLINE would keep an offer for ever, a lost ACCEPT leaves a launch in doubt: a new subscription clears both.
      if (subscription === this.#subscription) subscription.close(error);
    });
  }

  async #save(ops: Extract<Effect, {type: 'save'}>['ops']): Promise<void> {
    const {leadership, store, log} = this.#options;
    for (let attempt = 0; ops.length > 0 && leadership.isHeld(); attempt++) {
      try {
        await store.commit(leadership.guard, ops);
        return;
      } catch (error) {
        if (error instanceof DeposedError) {
          await leadership.resign();
          return;
        }
        if (attempt === 0) log('warn', `the store did not take a change, trying again: ${messageOf(error)}`);
        await pause(SAVE_RETRY_MS, leadership.signal);
      }
    }
  }

  async #subscribeForEver(end: AbortSignal): Promise<void> {
    let waitMs = RECONNECT_MS.first;
    while (!end.aborted) {
      let reason = 'the master ended the stream';
      const startedAt = this.#now();
      try {
        await this.#subscribeOnce(end);
      } catch (error) {
        reason = messageOf(error);
        this.#isMasterUnresponsive = error instanceof MesosError && error.status === undefined;
      }
      this.#subscription?.close();
      this.#subscription = undefined;
      if (end.aborted) return;
      if (reason !== this.#state.connection) this.#options.log('warn', `not subscribed: ${reason}`);
      this.dispatch({type: 'disconnected', reason});
      const lasted = this.#now() - startedAt;
      waitMs = lasted > 30_000 ? RECONNECT_MS.first : Math.min(waitMs * 2, RECONNECT_MS.ceiling);
      await pause(waitMs * (0.75 + Math.random() / 2), end);
    }
  }

  async #subscribeOnce(end: AbortSignal): Promise<void> {
    const {client, name} = this.#options;
    const {frameworkId} = this.#state;
    if (frameworkId === null) await mayRegisterAnew(client, name, end);
    const subscription = await client.subscribe(frameworkId, end);
    this.#subscription = subscription;
    let isSubscribed = false;
    for await (const event of subscription.events) {
      if (!this.#options.leadership.isHeld()) return;
      if (event.type === 'ERROR') {
        if (!isSubscribed && frameworkId !== null && (await wasRemoved(client, frameworkId, end)))
          this.dispatch({type: 'framework-removed'});
        throw new Error(`the Mesos master says: ${event.error.message}`);
      }
      if (event.type === 'SUBSCRIBED') isSubscribed = true;
      this.#isMasterUnresponsive = false;
      if (event.type !== 'HEARTBEAT') this.dispatch({type: 'mesos', event});
    }
  }
}
