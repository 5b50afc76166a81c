import type {Emit, StepOutcome} from '../engine/events.js';
import {Hw5Error} from '../support/errors.js';
import {lock} from '../support/lock.js';

/** What all operations on a lab take. */
export interface LabContext {
  readonly signal?: AbortSignal | undefined;
  /** How long a machine that is on may take to answer SSH before it is switched off and on. Default 60 s. */
  readonly answerLimitMs?: number | undefined;
  /** Receives the same events as a run on a cluster emits; the machines are the hosts. */
  readonly emit: Emit;
}

/** Reports what is being done. */
export type Report = (message: string) => void;

/** Runs a part of an operation on one host and emits its events. The work returns whether it changed anything. */
export type DoPart = (step: keyof typeof TITLES, host: string, work: (report: Report) => Promise<boolean>) => Promise<void>;

/** The name, in events, of the host that the machines run on. */
export const HERE = 'this host';

const TITLES = {lab: 'network and disks', machine: 'machine'} as const;

const LOCK_LIMIT_MS = 10 * 60_000;

/** Runs an operation on a lab with its lock held, and emits all events from the first to the last. @param machines their names */
export async function labRun<T>(
  {emit, signal}: LabContext,
  run: 'up' | 'down' | 'save' | 'restore',
  {name, machines}: {readonly name: string; readonly machines: readonly string[]},
  work: (part: DoPart) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const counts = {changed: 0, unchanged: 0, failed: 0, blocked: 0};
  const part: DoPart = async (step, host, body) => {
    const base = {step, title: run === 'save' ? 'copy of the machines' : TITLES[step], host};
    const begun = performance.now();
    const end = (outcome: StepOutcome, error?: Hw5Error): void => {
      if (outcome !== 'interrupted') counts[outcome] += 1;
      emit({type: 'step-end', ...base, outcome, elapsedMs: performance.now() - begun, error});
    };
    emit({type: 'step-start', ...base});
    try {
      const isChanged = await body((action) => emit({type: 'action', step, host, action}));
      end(isChanged ? 'changed' : 'unchanged');
    } catch (error) {
      if (signal?.aborted) end('interrupted');
      else if (error instanceof Hw5Error) end('failed', error);
      throw error;
    }
  };
  const steps = [
    {name: 'lab', hosts: [HERE]},
    {name: 'machine', hosts: machines},
  ];
  emit({type: 'start', run, hosts: [HERE, ...machines], steps});
  try {
    await using _ = await lock(`the lab ${name}`, LOCK_LIMIT_MS, {
      signal,
      onWait: () => emit({type: 'waiting', step: 'lab', host: HERE, reason: `another hw5 that is changing the lab ${name}`}),
    });
    const result = await work(part);
    emit({type: 'end', ...counts, elapsedMs: performance.now() - started});
    return result;
  } catch (error) {
    const elapsedMs = performance.now() - started;
    const isFailure = error instanceof Hw5Error && !signal?.aborted;
    emit(isFailure ? {type: 'end', ...counts, failed: Math.max(1, counts.failed), elapsedMs} : {type: 'aborted', elapsedMs});
    throw error;
  }
}
