import type {AgentCall} from '../common/agent-protocol.js';
import {recordKey, type TaskRecord} from './task-record.js';

const FIRST_RETRY = 10;
const LAST_RETRY = 600;

/**
 * Sends each task's updates one at a time: the next only after the framework acknowledged the one before. What is not acknowledged is sent
 * again, with the same uuid, after 10 s, 20 s, … up to 10 minutes, as genuine Mesos does.
 */
export class UpdateSender {
  readonly #parts: {now(): number; call(call: AgentCall): Promise<boolean>};
  /** By task: the uuid under way and when it is due again, in seconds. */
  readonly #sent = new Map<string, {readonly uuid: string; readonly dueAt: number; readonly delay: number}>();

  constructor(parts: {now(): number; call(call: AgentCall): Promise<boolean>}) {
    this.#parts = parts;
  }

  /** Sends the first pending update, unless it is under way. */
  sendNext(record: TaskRecord): void {
    const [first] = record.pending;
    if (first && this.#sent.get(recordKey(record))?.uuid !== first.uuid) this.#send(record, FIRST_RETRY);
  }

  /** Sends what is under way again, at once: the other side is new. */
  resend(records: readonly TaskRecord[]): void {
    for (const record of records) if (record.pending.length > 0) this.#send(record, FIRST_RETRY);
  }

  tick(records: readonly TaskRecord[]): void {
    for (const record of records) {
      const sent = this.#sent.get(recordKey(record));
      if (record.pending.length > 0 && sent && sent.dueAt <= this.#parts.now())
        this.#send(record, Math.min(sent.delay * 2, LAST_RETRY));
    }
  }

  /** True when this was the update under way: it is done, and the next one is sent. */
  acknowledge(record: TaskRecord, uuid: string): boolean {
    if (record.pending[0]?.uuid !== uuid) return false;
    record.pending.shift();
    this.#sent.delete(recordKey(record));
    this.sendNext(record);
    return true;
  }

  #send(record: TaskRecord, delay: number): void {
    const status = record.pending[0]!;
    this.#sent.set(recordKey(record), {uuid: status.uuid!, dueAt: this.#parts.now() + delay, delay});
    void this.#parts.call({type: 'UPDATE', framework_id: record.framework.id!.value, status, latest_state: record.state});
  }
}
