import type {Hw5Error} from '../support/errors.js';

/**
 * `unchanged`: nothing to do. `blocked`: something it needs failed, or its host is not there (which the first step on it has told).
 * `interrupted`: the user ended the run while it was at work.
 */
export type StepOutcome = 'unchanged' | 'changed' | 'failed' | 'blocked' | 'interrupted';

/** What a run tells while it goes on. Reporters turn it into lines, JSON or spinners. Never holds a secret. */
export type RunEvent =
  | {
      readonly type: 'start';
      readonly run: 'up' | 'down' | 'plan' | 'save' | 'restore';
      readonly hosts: readonly string[];
      readonly steps: readonly {readonly name: string; readonly hosts: readonly string[]}[];
    }
  /** What the first look showed to be taken away, as its host lost a role. */
  | {
      readonly type: 'more-steps';
      readonly steps: readonly {readonly name: string; readonly hosts: readonly string[]}[];
    }
  | {readonly type: 'connected'; readonly host: string; readonly elapsedMs: number}
  | {readonly type: 'step-start'; readonly step: string; readonly title: string; readonly host: string}
  | {
      readonly type: 'action';
      readonly step: string;
      readonly host: string;
      readonly action: string;
      /** The script behind the words, if it is one. */
      readonly script?: string | undefined;
    }
  | {readonly type: 'waiting'; readonly step: string; readonly host: string; readonly reason: string}
  | {
      readonly type: 'step-end';
      readonly step: string;
      readonly title: string;
      readonly host: string;
      readonly outcome: StepOutcome;
      readonly elapsedMs: number;
      readonly error?: Hw5Error | undefined;
    }
  | {
      readonly type: 'end';
      readonly changed: number;
      readonly unchanged: number;
      readonly failed: number;
      /** Steps on hosts that were not begun, as something they need failed. */
      readonly blocked: number;
      readonly elapsedMs: number;
    }
  /** The user is asked for a password: until the answer is there, the terminal is the question's. */
  | {readonly type: 'asking'; readonly question: string}
  | {readonly type: 'answered'}
  /** The last event of a run that was interrupted, or could not begin, or met a bug. */
  | {readonly type: 'aborted'; readonly elapsedMs: number};

export type Emit = (event: RunEvent) => void;
