import {type TaskSpec, taskList} from '../scheduler-api/task.js';
import {emptyState, type ReducerState, type Slot, type StaleEndpoints, type StoreOp} from './model.js';
import {type RunRecord, recordOfRun, runOfRecord, STORED_FIELDS} from './run-record.js';
import type {Settings} from './settings.js';
import {hashesOf} from './task-info.js';

/** The content of the key-value store for one framework: relative key → value. */
export type Records = ReadonlyMap<string, unknown>;

/** A successor frees all addresses again: the attempts of its predecessor were made on another node. */
type StaleEndpointsRecord = Pick<StaleEndpoints, 'address' | 'containers'>;

const SLOT_FIELDS = [
  'name',
  'failures',
  'restarts',
  'notBefore',
  'message',
  'since',
  'failing',
  'isRolled',
  'failedOn',
] as const satisfies readonly (keyof Slot)[];

/** The store operations that turn the records of one state into those of the next. */
export function changesBetween(before: ReducerState, after: ReducerState): readonly StoreOp[] {
  const ops: StoreOp[] = [];
  const put = (key: string, value: unknown) => ops.push({op: 'put', key, value});
  if (before.frameworkId !== after.frameworkId) put('framework-id', after.frameworkId);
  if (before.counter !== after.counter) put('counter', after.counter);
  if (before.desired !== after.desired || before.desiredAt !== after.desiredAt)
    put('desired', {tasks: after.desired, at: after.desiredAt});
  const compare = <T extends object>(
    kind: string,
    old: Record<string, T>,
    fresh: Record<string, T>,
    fields: readonly (keyof T)[],
    recordOf: (one: T) => object,
  ) => {
    for (const id in fresh) {
      const [previous, present] = [old[id], fresh[id]!];
      // Nested values are replaced when they change, so comparing references suffices.
      const isSame = previous !== undefined && fields.every((field) => previous[field] === present[field]);
      if (!isSame) put(`${kind}/${id}`, recordOf(present));
    }
    for (const id in old) if (!(id in fresh)) ops.push({op: 'delete', key: `${kind}/${id}`});
  };
  compare('runs', before.runs, after.runs, STORED_FIELDS, recordOfRun);
  compare('slots', before.slots, after.slots, SLOT_FIELDS, (slot) => slot);
  // the key keeps the name that earlier releases gave it
  compare(
    'leftovers',
    before.staleEndpoints,
    after.staleEndpoints,
    ['address', 'containers'],
    ({address, containers}): StaleEndpointsRecord => ({address, containers}),
  );
  return ops;
}

/**
 * The state with which a new leader starts. Whether the predecessor's last launches were sent is unknown: every run counts as launched and
 * is reconciled. The predecessor's clock may have been wrong: no time lies in the future, and no wait is longer than its maximum.
 * @param now milliseconds since 1970
 */
export function stateFrom(records: Records, settings: Settings, now: number): ReducerState {
  const state = emptyState(settings);
  state.frameworkId = (records.get('framework-id') as string | null | undefined) ?? null;
  state.counter = (records.get('counter') as number | undefined) ?? 0;
  const desired = desiredIn(records);
  state.desired = desired.tasks;
  state.hashes = hashesOf(state.desired);
  state.desiredAt = desired.at;
  for (const [key, value] of records) {
    if (key.startsWith('runs/')) {
      const run = runOfRecord(value as RunRecord, now);
      state.runs[run.taskId] = run;
    } else if (key.startsWith('slots/')) {
      const slot = value as Slot;
      state.slots[slot.name] = {
        ...slot,
        // a record of an earlier release has none
        failing: slot.failing ?? null,
        since: Math.min(slot.since, now),
        notBefore: Math.min(slot.notBefore, now + settings.backoffCeilingSeconds * 1000),
      };
    } else if (key.startsWith('leftovers/')) {
      const {address, containers} = value as StaleEndpointsRecord;
      state.staleEndpoints[address] = {address, containers, freeing: 'needed', since: 0, tries: 0, notBefore: 0, message: ''};
    }
  }
  return state;
}

/**
 * The stored list of desired tasks. A list that another release wrote and this one does not understand counts as older than any
 * configuration, which then takes its place before the first event: no task is ended because of it.
 */
function desiredIn(records: Records): {readonly tasks: readonly TaskSpec[]; readonly at: number} {
  const record = records.get('desired') as {tasks?: unknown; at?: unknown} | undefined;
  const tasks = taskList.safeParse(record?.tasks);
  return tasks.success && typeof record?.at === 'number' ? {tasks: tasks.data, at: record.at} : {tasks: [], at: 0};
}
