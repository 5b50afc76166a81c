import {randomUUID} from 'node:crypto';
import {type Command, type Reply, reply} from '../scheduler-api/commands.js';
import {type PublishedView, readPublishedView} from '../scheduler-api/published-view.js';
import {lastKnown, type SchedulerState} from '../scheduler-api/state.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import {API_VERSION} from '../scheduler-api/version.js';
import type {FreeRequest, FreeResult} from './address-freer.js';
import type {MesosClient} from './client.js';
import type {Clock} from './clock.js';
import {Election} from './election.js';
import {FrameworkStore, type KeyValues} from './key-values.js';
import {Leader} from './leader.js';
import {LeaderMonitor} from './leader-monitor.js';
import {messageOf} from './message-of.js';
import type {Sandbox} from './model.js';
import type {Settings} from './settings.js';
import {listHash} from './task-info.js';

/** How long an instance waits for the leader's reply to a command. */
const REPLY_MS = 8_000;

export interface InstanceOptions {
  readonly node: string;
  readonly name: string;
  readonly kv: KeyValues;
  readonly client: MesosClient;
  readonly settings: Settings;
  /** A leader that cannot reach etcd is replaced after this, plus the time for the election and the subscription. */
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly freeAddress: (request: FreeRequest, isHeld: () => boolean) => Promise<FreeResult>;
  readonly explainEnd: (sandbox: Sandbox) => Promise<string | undefined>;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** The scheduler's instance on one node: leads when it is elected, otherwise answers from the key-value store. */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #store: FrameworkStore;
  readonly #election: Election;
  #leader: Leader | undefined;
  #lastView: PublishedView | undefined;
  #configured: {tasks: readonly TaskSpec[]; at: number};

  /** @param configured the tasks of the configuration file, and its modification time in milliseconds since 1970 */
  constructor(options: InstanceOptions, configured: {readonly tasks: readonly TaskSpec[]; readonly at: number}) {
    this.#options = options;
    this.#configured = configured;
    this.#store = new FrameworkStore(options.kv, options.name);
    this.#election = new Election({
      kv: options.kv,
      key: `${this.#store.prefix}leader`,
      node: options.node,
      ttlSeconds: options.leaseSeconds,
      clock: options.clock,
      log: options.log,
    });
  }

  /** Takes part in the election, and leads when elected, until the signal is aborted. Tasks keep running afterwards. */
  async run(stop: AbortSignal): Promise<void> {
    await this.#election.endPreviousTerm();
    const monitor = new LeaderMonitor({...this.#options, store: this.#store, unresponsiveSeconds: this.#options.leaseSeconds});
    const stopMonitoring = this.#options.clock.every(this.#options.leaseSeconds * 250, () => {
      if (this.#leader === undefined) monitor.check().catch(() => undefined);
    });
    try {
      await this.#leadWheneverElected(stop);
    } finally {
      stopMonitoring();
    }
  }

  async #leadWheneverElected(stop: AbortSignal): Promise<void> {
    const {clock, log, node} = this.#options;
    while (!stop.aborted) {
      const leadership = await this.#election.campaign(stop);
      if (leadership === undefined) return;
      try {
        this.#leader = await Leader.takeOver({...this.#options, leadership, store: this.#store});
        log('info', `${node} leads`);
        this.#leader.setDesired(this.#configured.tasks, this.#configured.at);
        await this.#leader.run(stop);
      } catch (error) {
        log('warn', `leading ended: ${messageOf(error)}`);
      } finally {
        this.#leader = undefined;
        await leadership.resign();
      }
      await clock.pause(1_000, stop);
    }
  }

  /** Applies a configuration file that was read again. */
  updateConfiguration(tasks: readonly TaskSpec[], at: number): void {
    this.#configured = {tasks, at};
    this.#leader?.setDesired(tasks, at);
  }

  /** Never fails: without etcd it returns the last known state. */
  async state(): Promise<SchedulerState> {
    const leader = this.#leader;
    if (leader !== undefined) {
      const view = leader.view();
      return this.#answer(view, view.leader, view.connection);
    }
    try {
      this.#lastView = await this.#publishedView();
      const leading = await this.#election.leader();
      return this.#answer(
        this.#lastView,
        leading,
        leading === null ? 'no instance leads' : (this.#lastView?.connection ?? 'the leader has not published its state yet'),
      );
    } catch (error) {
      return this.#answer(this.#lastView, null, messageOf(error));
    }
  }

  #answer(view: PublishedView | undefined, leader: string | null, connection: string): SchedulerState {
    const isCurrent = view?.desiredHash === listHash(this.#configured.tasks);
    return answerOf(view, {leader, isLeader: this.#leader !== undefined, connection, isCurrent});
  }

  /** The reasons for a task's state; undefined when there is no such task. */
  async why(name: string): Promise<readonly string[] | undefined> {
    const view = this.#leader?.view() ?? (await this.#publishedView());
    return view?.why[name];
  }

  /** Executes an operator's command, here or at the leader. */
  async command(command: Command): Promise<Reply> {
    if (this.#leader !== undefined) return this.#leader.command(command);
    if ((await this.#election.leader()) === null)
      return {ok: false, message: 'no instance leads at the moment; try again in some seconds'};
    const id = randomUUID();
    await this.#store.put(`commands/${id}`, command);
    const {clock} = this.#options;
    for (const until = clock.monotonic() + REPLY_MS; clock.monotonic() < until; await clock.pause(250)) {
      const answer = (await this.#store.load(`replies/${id}`)).get(`replies/${id}`);
      if (answer !== undefined) return reply.parse(answer);
    }
    return {ok: false, message: 'the leading instance did not answer; check the state before trying again'};
  }

  async #publishedView(): Promise<PublishedView | undefined> {
    return readPublishedView((await this.#store.load('view')).get('view'));
  }
}

function answerOf(
  view: PublishedView | undefined,
  {
    leader,
    isLeader,
    connection,
    isCurrent,
  }: Pick<SchedulerState['framework'], 'leader' | 'isLeader' | 'connection' | 'isCurrent'>,
): SchedulerState {
  // The view of a previous leader is not about the subscription of the present one.
  const isOfLeader = leader !== null && leader === view?.leader;
  const tasks = view?.tasks ?? [];
  return {
    apiVersion: API_VERSION,
    framework: {
      id: view?.frameworkId ?? null,
      connected: isOfLeader && view.connected,
      connection,
      leader,
      isLeader,
      master: view?.master ?? null,
      isCurrent,
    },
    tasks: isOfLeader ? tasks : tasks.map((task) => lastKnown(task, `last known state: ${connection}`)),
  };
}
