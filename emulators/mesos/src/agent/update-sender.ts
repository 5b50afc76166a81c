import type {AgentCall} from '../common/agent-protocol.js';
import {recordKey, type TaskRecord} from './task-record.js';

/** In seconds, as in upstream Mesos. */
const MIN_RETRY_INTERVAL = 10;
const MAX_RETRY_INTERVAL = 600;

/**
 * Sends the updates of each task one at a time: the next one when the framework has acknowledged the previous one. As upstream Mesos does,
 * it repeats an update that is not acknowledged, with the same uuid, after 10 s, 20 s, 40 s and so on, at most 10 minutes apart.
 */
export class UpdateSender {
  readonly #parts: {now(): number; call(call: AgentCall): Promise<boolean>};
  /** By task: the update that was sent last and when it is repeated, in seconds. */
  readonly #sent = new Map<string, {readonly uuid: string; readonly dueAt: number; readonly interval: number}>();

  constructor(parts: {now(): number; call(call: AgentCall): Promise<boolean>}) {
    this.#parts = parts;
  }

  /** Sends the first pending update, unless it has been sent already. */
  sendNext(record: TaskRecord): void {
    const [first] = record.pending;
    if (first && this.#sent.get(recordKey(record))?.uuid !== first.uuid) this.#send(record, MIN_RETRY_INTERVAL);
  }

  /** Sends the first pending update of each task again, because the master or the framework has just connected. */
  resend(records: readonly TaskRecord[]): void {
    for (const record of records) if (record.pending.length > 0) this.#send(record, MIN_RETRY_INTERVAL);
  }

  /** Repeats the updates that are due. */
  tick(records: readonly TaskRecord[]): void {
    for (const record of records) {
      const sent = this.#sent.get(recordKey(record));
      if (record.pending.length > 0 && sent && sent.dueAt <= this.#parts.now())
        this.#send(record, Math.min(sent.interval * 2, MAX_RETRY_INTERVAL));
    }
  }

  /** Removes an acknowledged update and sends the next one. @returns false when this update was not the one sent last */
  acknowledge(record: TaskRecord, uuid: string): boolean {
    if (record.pending[0]?.uuid !== uuid) return false;
    record.pending.shift();
    this.#sent.delete(recordKey(record));
    this.sendNext(record);
    return true;
  }

  #send(record: TaskRecord, interval: number): void {
    const status = record.pending[0]!;
    this.#sent.set(recordKey(record), {uuid: status.uuid!, dueAt: this.#parts.now() + interval, interval});
    void this.#parts.call({type: 'UPDATE', framework_id: record.framework.id!.value, status, latest_state: record.state});
  }
}
