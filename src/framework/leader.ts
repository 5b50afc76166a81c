import type {Command, Reply} from '../scheduler-api/commands.js';
import type {PublishedView} from '../scheduler-api/published-view.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import {API_VERSION} from '../scheduler-api/version.js';
import type {FreeRequest, FreeResult} from './address-freer.js';
import type {MesosClient} from './client.js';
import type {Clock} from './clock.js';
import {CommandChannel} from './command-channel.js';
import {EffectPerformer} from './effect-performer.js';
import type {Leadership} from './election.js';
import type {FrameworkStore} from './key-values.js';
import {MesosError} from './mesos-error.js';
import {messageOf} from './message-of.js';
import type {ReducerState, Sandbox, SchedulerEvent} from './model.js';
import {type Records, stateFrom} from './records.js';
import {reduce} from './reduce.js';
import {assertNoOldTasks, wasRemoved} from './registration.js';
import type {Settings} from './settings.js';
import type {Subscription} from './subscription.js';
import {viewOf} from './view.js';

const TICK_MS = 500;
const RECONNECT_MS = {first: 250, ceiling: 5_000};

export interface LeaderOptions {
  readonly node: string;
  readonly leadership: Leadership;
  readonly store: FrameworkStore;
  readonly client: MesosClient;
  readonly name: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly freeAddress: (request: FreeRequest, isHeld: () => boolean) => Promise<FreeResult>;
  readonly explainEnd: (sandbox: Sandbox) => Promise<string | undefined>;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** Connects the pure reducer with the master, the store and the clock, for as long as this instance leads. */
export class Leader {
  readonly #options: LeaderOptions;
  #state: ReducerState;
  #subscription: Subscription | undefined;
  #isMasterUnresponsive = false;
  readonly #effects: EffectPerformer;
  /**
   * Milliseconds since 1970: the wall clock when this instance became the leader, plus the monotonic clock since then. Setting the clock
   * forward must not end a reservation early, and setting it back must not prolong every wait.
   */
  readonly #now: () => number;

  private constructor(options: LeaderOptions, records: Records) {
    const {clock} = options;
    const zero = clock.now() - clock.monotonic();
    this.#now = () => zero + clock.monotonic();
    this.#options = options;
    this.#effects = new EffectPerformer({
      ...options,
      subscription: () => this.#subscription,
      dispatch: (event) => void this.dispatch(event),
    });
    this.#state = stateFrom(records, options.settings, this.#now());
  }

  /** Starts from the records of the previous leader. */
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

  /** Leads until the leadership is lost or `stop` is aborted. Tasks keep running in either case. */
  async run(stop: AbortSignal): Promise<void> {
    const {leadership, clock} = this.#options;
    const end = new AbortController();
    for (const signal of [stop, leadership.signal]) {
      if (signal.aborted) end.abort();
      signal.addEventListener('abort', () => end.abort(), {once: true});
    }
    // A leader that lost its leadership must not send another call.
    const close = () => {
      const subscription = this.#subscription;
      this.#subscription = undefined;
      subscription?.close();
    };
    end.signal.addEventListener('abort', close, {once: true});
    const channel = new CommandChannel({
      ...this.#options,
      now: clock.now,
      view: () => this.view(),
      execute: (command) => this.command(command),
    });
    const stopTicking = clock.every(TICK_MS, () => {
      if (!leadership.isHeld()) return;
      this.dispatch({type: 'tick'});
      void channel.update();
    });
    try {
      await this.#keepSubscribed(end.signal);
      if (leadership.isHeld()) await this.#effects.saved();
    } finally {
      stopTicking();
    }
  }

  /** Sets the desired tasks if this list is newer than the present one. @returns whether it changed anything */
  setDesired(tasks: readonly TaskSpec[], at: number): boolean {
    if (at <= this.#state.desiredAt || JSON.stringify(tasks) === JSON.stringify(this.#state.desired)) return false;
    this.dispatch({type: 'desired', tasks, at});
    return true;
  }

  /** Executes a command of an operator or of another instance. */
  command(command: Command): Reply {
    if (command.action === 'resign') return this.#stepDown();
    if (command.action !== 'desired')
      return this.dispatch({type: 'command', action: command.action, name: command.name}) ?? {ok: true, message: ''};
    this.dispatch({type: 'desired', tasks: command.tasks, at: command.at});
    return {ok: true, message: `${command.tasks.length} tasks are desired`};
  }

  #stepDown(): Reply {
    if (!this.#isMasterUnresponsive) return {ok: false, message: 'this instance reaches the Mesos master'};
    this.#options.log('warn', 'another instance reaches the Mesos master: resigning');
    void this.#options.leadership.resign();
    return {ok: true, message: ''};
  }

  /** Reduces an event and performs its effects. */
  dispatch(event: SchedulerEvent): Reply | undefined {
    const {state, effects} = reduce(this.#state, event, this.#now());
    this.#state = state;
    let reply: Reply | undefined;
    for (const effect of effects) {
      if (effect.type === 'reply') reply = {ok: effect.ok, message: effect.message};
      else this.#effects.perform(effect);
    }
    return reply;
  }

  async #keepSubscribed(end: AbortSignal): Promise<void> {
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
      await this.#options.clock.pause(waitMs * (0.75 + Math.random() / 2), end);
    }
  }

  async #subscribeOnce(end: AbortSignal): Promise<void> {
    const {client, name} = this.#options;
    const {frameworkId} = this.#state;
    if (frameworkId === null) await assertNoOldTasks(client, name, end);
    const subscription = await client.subscribe(frameworkId, end);
    this.#subscription = subscription;
    let isSubscribed = false;
    for await (const event of subscription.events) {
      if (!this.#options.leadership.isHeld()) return;
      if (event.type === 'ERROR') {
        if (!isSubscribed && frameworkId !== null && (await wasRemoved(client, frameworkId, end)))
          this.dispatch({type: 'framework-removed'});
        throw new Error(`the Mesos master reports: ${event.error.message}`);
      }
      if (event.type === 'SUBSCRIBED') isSubscribed = true;
      this.#isMasterUnresponsive = false;
      if (event.type !== 'HEARTBEAT') this.dispatch({type: 'mesos', event});
    }
  }
}
