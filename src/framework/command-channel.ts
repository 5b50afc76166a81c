import {type Command, command, type Reply} from '../scheduler-api/commands.js';
import type {PublishedView} from '../scheduler-api/published-view.js';
import {describeIssues} from '../scheduler-api/version.js';
import type {Leadership} from './election.js';
import {DeposedError, type FrameworkStore} from './key-values.js';
import {messageOf} from './message-of.js';

/** The view is published at least this often, so that the times in its messages stay current. */
const VIEW_SECONDS = 10;
/** The instance that put a command has stopped waiting for the reply by then. */
const COMMAND_LIFE_MS = 30_000;

export interface CommandChannelOptions {
  readonly store: FrameworkStore;
  readonly leadership: Leadership;
  readonly now: () => number;
  readonly view: () => PublishedView;
  readonly execute: (command: Command) => Reply;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** The leader's side of the communication with the other instances, through the key-value store. */
export class CommandChannel {
  readonly #options: CommandChannelOptions;
  #isBusy = false;
  /** Replies to commands with their time, including those not written yet: they are removed after a while. */
  readonly #replies = new Map<string, {readonly reply?: Reply; readonly at: number}>();
  #hasFoundOldReplies = false;
  #published = '';
  #publishedAt = 0;

  constructor(options: CommandChannelOptions) {
    this.#options = options;
  }

  /** Publishes the view if it changed, and executes the commands that the other instances put. Never throws; does nothing while it runs. */
  async update(): Promise<void> {
    const {leadership, log} = this.#options;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#publish();
      await this.#executeCommands();
    } catch (error) {
      if (error instanceof DeposedError) await leadership.resign();
      else if (leadership.isHeld()) log('warn', `the store cannot be reached: ${messageOf(error)}`);
    } finally {
      this.#isBusy = false;
    }
  }

  async #publish(): Promise<void> {
    const {store, leadership, now} = this.#options;
    const view = this.#options.view();
    // Messages contain seconds; their change alone is no reason to write.
    const essence = JSON.stringify({...view, why: null, tasks: view.tasks.map((task) => ({...task, message: ''}))});
    if (essence === this.#published && now() - this.#publishedAt < VIEW_SECONDS * 1000) return;
    await store.commit(leadership.guard, [{op: 'put', key: 'view', value: view}]);
    this.#published = essence;
    this.#publishedAt = now();
  }

  #execute(value: unknown): Reply {
    const {now, execute} = this.#options;
    const parsed = command.safeParse(value);
    if (!parsed.success) return {ok: false, message: `the command is not understood: ${describeIssues(parsed.error)}`};
    const isExpired = now() - parsed.data.at > COMMAND_LIFE_MS;
    return isExpired ? {ok: false, message: 'no instance led when the command was given'} : execute(parsed.data);
  }

  async #executeCommands(): Promise<void> {
    const {store, leadership, now} = this.#options;
    for (const [key, value] of await store.load('commands/')) {
      const id = key.slice('commands/'.length);
      // Executed once: when the reply could not be written, the command is still in the store.
      const reply = this.#replies.get(id)?.reply ?? this.#execute(value);
      this.#replies.set(id, {reply, at: now()});
      await store.commit(leadership.guard, [
        {op: 'delete', key},
        {op: 'put', key: `replies/${id}`, value: reply},
      ]);
    }
    if (!this.#hasFoundOldReplies) {
      // The previous leader did not remove these before it ended.
      for (const key of (await store.load('replies/')).keys()) {
        const id = key.slice('replies/'.length);
        this.#replies.set(id, this.#replies.get(id) ?? {at: now()});
      }
      this.#hasFoundOldReplies = true;
    }
    for (const [id, {at}] of this.#replies) {
      if (now() - at < COMMAND_LIFE_MS) continue;
      await store.commit(leadership.guard, [{op: 'delete', key: `replies/${id}`}]);
      this.#replies.delete(id);
    }
  }
}
