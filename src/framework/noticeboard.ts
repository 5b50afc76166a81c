import {type Command, command, type Reply} from '../scheduler-api/commands.js';
import type {PublishedView} from '../scheduler-api/published-view.js';
import {describeIssues} from '../scheduler-api/version.js';
import {messageOf} from './client.js';
import type {Leadership} from './election.js';
import {DeposedError, type FrameworkStore} from './key-values.js';

/** The view is published at least so often, so that its words do not get old. */
const VIEW_SECONDS = 10;
/** Who gave a command has given up waiting by then. */
const COMMAND_LIFE_MS = 30_000;

export interface NoticeboardOptions {
  readonly store: FrameworkStore;
  readonly leadership: Leadership;
  readonly now: () => number;
  readonly show: () => PublishedView;
  readonly obey: (command: Command) => Reply;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** How the leader and the instances that stand by speak with each other: through the store. */
export class Noticeboard {
  readonly #options: NoticeboardOptions;
  #isBusy = false;
  /** Replies to commands, also those not written yet, and when: they are removed after a while. */
  readonly #replies = new Map<string, {readonly reply?: Reply; readonly at: number}>();
  #hasFoundOldReplies = false;
  #published = '';
  #publishedAt = 0;

  constructor(options: NoticeboardOptions) {
    this.#options = options;
  }

  /** Publishes what changed and does what the other instances were told to do. Never throws; one at a time. */
  async update(): Promise<void> {
    const {leadership, log} = this.#options;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#publish();
      await this.#takeCommands();
    } catch (error) {
      if (error instanceof DeposedError) await leadership.resign();
      else if (leadership.isHeld()) log('warn', `the store cannot be reached: ${messageOf(error)}`);
    } finally {
      this.#isBusy = false;
    }
  }

  async #publish(): Promise<void> {
    const {store, leadership, now, show} = this.#options;
    const view = show();
    // The words tell seconds; they alone are no reason to write.
    const gist = JSON.stringify({...view, why: null, tasks: view.tasks.map((task) => ({...task, message: ''}))});
    if (gist === this.#published && now() - this.#publishedAt < VIEW_SECONDS * 1000) return;
    await store.commit(leadership.guard, [{op: 'put', key: 'view', value: view}]);
    this.#published = gist;
    this.#publishedAt = now();
  }

  #execute(value: unknown): Reply {
    const {now, obey} = this.#options;
    const parsed = command.safeParse(value);
    if (!parsed.success) return {ok: false, message: `the command is not understood: ${describeIssues(parsed.error)}`};
    const isExpired = now() - parsed.data.at > COMMAND_LIFE_MS;
    return isExpired ? {ok: false, message: 'no instance led when the command was given'} : obey(parsed.data);
  }

  async #takeCommands(): Promise<void> {
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
      // A leader of the past did not live to remove these.
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
