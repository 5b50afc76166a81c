import type {TaskSpec} from './config.js';
import {emptyState, type Run, type SchedulerState, type Settings, type Slot, type StoreOp} from './model.js';

/** What the store holds of one framework: relative key → value. */
export type Records = ReadonlyMap<string, unknown>;

/** The fields of a run that a successor needs. The rest is asked from Mesos or starts anew. */
type RunRecord = Omit<Run, 'intent' | 'question' | 'killSentAt' | 'okSince' | 'unhealthySince'>;
type SlotRecord = Omit<Slot, 'freeing' | 'freeingSince'> & {readonly freeing: boolean};

/** The durable part of a state. A launch is durable before it is sent: see the reducer's `intended`. */
export function recordsOf(state: SchedulerState): Records {
  const records = new Map<string, unknown>([
    ['framework-id', state.frameworkId],
    ['counter', state.counter],
    ['desired', {tasks: state.desired, at: state.desiredAt}],
  ]);
  for (const run of Object.values(state.runs)) {
    const {intent: _, question: _q, killSentAt: _k, okSince: _o, unhealthySince: _u, ...record} = run;
    records.set(`runs/${run.taskId}`, record satisfies RunRecord);
  }
  for (const slot of Object.values(state.slots)) {
    const {freeing, freeingSince: _, ...rest} = slot;
    records.set(`slots/${slot.name}`, {...rest, freeing: freeing !== null} satisfies SlotRecord);
  }
  return records;
}

/** What must be written to get from one state to the next. */
export function changesBetween(before: SchedulerState, after: SchedulerState): readonly StoreOp[] {
  const old = recordsOf(before);
  const ops: StoreOp[] = [];
  const fresh = recordsOf(after);
  for (const [key, value] of fresh) {
    if (JSON.stringify(old.get(key)) !== JSON.stringify(value)) ops.push({op: 'put', key, value});
  }
  for (const key of old.keys()) if (!fresh.has(key)) ops.push({op: 'delete', key});
  return ops;
}

/**
 * The state with which a new leader starts. Launches of the predecessor may or may not have been sent: every run is taken
 * for launched and asked about.
 */
export function stateFrom(records: Records, settings: Settings): SchedulerState {
  const state = emptyState(settings);
  state.frameworkId = (records.get('framework-id') as string | null | undefined) ?? null;
  state.counter = (records.get('counter') as number | undefined) ?? 0;
  const desired = records.get('desired') as {tasks: TaskSpec[]; at: number} | undefined;
  state.desired = desired?.tasks ?? [];
  state.desiredAt = desired?.at ?? 0;
  for (const [key, value] of records) {
    if (key.startsWith('runs/')) {
      const record = value as RunRecord;
      state.runs[record.taskId] = {
        ...record,
        phase: record.phase === 'intended' ? 'staging' : record.phase,
        intent: null,
        question: {dueAt: 0, tries: 0},
        killSentAt: null,
        okSince: null,
        unhealthySince: null,
      };
    } else if (key.startsWith('slots/')) {
      const {freeing, ...rest} = value as SlotRecord;
      state.slots[rest.name] = {...rest, freeing: freeing ? 'needed' : null, freeingSince: 0};
    }
  }
  return state;
}
