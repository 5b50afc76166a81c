import type {TaskSpec} from '../scheduler-api/task.js';
import {emptyState, type Leftovers, type ReducerState, type Run, type Slot, type StoreOp} from './model.js';
import type {Settings} from './settings.js';
import {hashesOf} from './task-info.js';

/** What the store holds of one framework: relative key → value. */
export type Records = ReadonlyMap<string, unknown>;

/** The fields of a run that a successor needs. The rest is asked from Mesos or starts anew. */
type RunRecord = Omit<Run, 'intent' | 'question' | 'killSentAt' | 'okSince' | 'unhealthySince'>;
/** A successor frees all addresses again: what its predecessor tried was from another node. */
type LeftoversRecord = Pick<Leftovers, 'address' | 'containers'>;

/** What must be written to get from one state to the next: little, as long as nothing happens. */
export function changesBetween(before: ReducerState, after: ReducerState): readonly StoreOp[] {
  const ops: StoreOp[] = [];
  const put = (key: string, value: unknown) => ops.push({op: 'put', key, value});
  if (before.frameworkId !== after.frameworkId) put('framework-id', after.frameworkId);
  if (before.counter !== after.counter) put('counter', after.counter);
  if (before.desired !== after.desired || before.desiredAt !== after.desiredAt)
    put('desired', {tasks: after.desired, at: after.desiredAt});
  const compare = <T>(kind: string, old: Record<string, T>, fresh: Record<string, T>, recordOf: (one: T) => object) => {
    for (const id in fresh) {
      const record = recordOf(fresh[id]!);
      const previous = old[id];
      if (previous === undefined || !isSame(recordOf(previous), record)) put(`${kind}/${id}`, record);
    }
    for (const id in old) if (!(id in fresh)) ops.push({op: 'delete', key: `${kind}/${id}`});
  };
  compare('runs', before.runs, after.runs, runRecord);
  compare('slots', before.slots, after.slots, (slot) => slot);
  compare('leftovers', before.leftovers, after.leftovers, ({address, containers}): LeftoversRecord => ({address, containers}));
  return ops;
}

function runRecord(run: Run): RunRecord {
  const {intent: _, question: _q, killSentAt: _k, okSince: _o, unhealthySince: _u, ...record} = run;
  return record;
}

/** Nested values are replaced when they change, so that being the same object is being equal. */
function isSame(a: object, b: object): boolean {
  for (const key in a) if (a[key as keyof object] !== b[key as keyof object]) return false;
  return true;
}

/**
 * The state with which a new leader starts. Launches of the predecessor may or may not have been sent: every run is taken
 * for launched and asked about. Nor need its clock have been right: nothing lies in the future, no wait is longer than can be.
 * @param now milliseconds since 1970
 */
export function stateFrom(records: Records, settings: Settings, now: number): ReducerState {
  const past = <T extends number | null>(time: T) => (time === null ? time : Math.min(time, now)) as T;
  const state = emptyState(settings);
  state.frameworkId = (records.get('framework-id') as string | null | undefined) ?? null;
  state.counter = (records.get('counter') as number | undefined) ?? 0;
  const desired = records.get('desired') as {tasks: TaskSpec[]; at: number} | undefined;
  state.desired = desired?.tasks ?? [];
  state.hashes = hashesOf(state.desired);
  state.desiredAt = desired?.at ?? 0;
  for (const [key, value] of records) {
    if (key.startsWith('runs/')) {
      const record = value as RunRecord;
      state.runs[record.taskId] = {
        ...record,
        launchedAt: past(record.launchedAt),
        since: past(record.since),
        // by another clock: a fence is never too short, so its time begins anew
        lostSince: record.lostSince === null ? null : now,
        phase: record.phase === 'intended' ? 'staging' : record.phase,
        intent: null,
        question: {since: now, dueAt: 0, tries: 0},
        killSentAt: null,
        okSince: null,
        unhealthySince: null,
      };
    } else if (key.startsWith('slots/')) {
      const slot = value as Slot;
      state.slots[slot.name] = {
        ...slot,
        since: past(slot.since),
        notBefore: Math.min(slot.notBefore, now + settings.backoffCeilingSeconds * 1000),
      };
    } else if (key.startsWith('leftovers/')) {
      const {address, containers} = value as LeftoversRecord;
      state.leftovers[address] = {address, containers, freeing: 'needed', since: 0, tries: 0, notBefore: 0, message: ''};
    }
  }
  return state;
}
