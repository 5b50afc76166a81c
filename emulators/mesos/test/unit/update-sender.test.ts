import {describe, expect, it} from 'vitest';
import type {TaskRecord} from '../../src/agent/task-record.js';
import {UpdateSender} from '../../src/agent/update-sender.js';

describe('updates of a task', () => {
  const record = (...uuids: string[]) =>
    ({
      framework: {id: {value: 'f'}},
      task: {task_id: {value: 't'}},
      state: 'TASK_RUNNING',
      pending: uuids.map((uuid) => ({uuid})),
    }) as unknown as TaskRecord;

  function createSender() {
    const sent: string[] = [];
    const clock = {now: 0};
    const updates = new UpdateSender({
      now: () => clock.now,
      call: (call) => {
        if (call.type === 'UPDATE') sent.push(`${clock.now} ${call.status.uuid}`);
        return Promise.resolve(true);
      },
    });
    return {sent, clock, updates};
  }

  it('are repeated after 10, 20, 40 seconds and so on, at most 10 minutes apart, until they are acknowledged', () => {
    const {sent, clock, updates} = createSender();
    const task = record('a', 'b');
    updates.sendNext(task);
    for (; clock.now < 2000; clock.now++) updates.tick([task]);
    expect(sent).toEqual(['0 a', '10 a', '30 a', '70 a', '150 a', '310 a', '630 a', '1230 a', '1830 a']);
    expect(updates.acknowledge(task, 'stale')).toBe(false);
    expect(updates.acknowledge(task, 'a')).toBe(true);
    expect(sent.at(-1)).toBe('2000 b');
  });

  it('are sent again immediately when a master or framework connects', () => {
    const {sent, updates} = createSender();
    const task = record('a');
    updates.sendNext(task);
    updates.sendNext(task);
    updates.resend([task]);
    expect(sent).toEqual(['0 a', '0 a']);
  });
});
