import type {Hw5Error} from '../support/errors.js';

/**
 * `unchanged`: nothing to do. `blocked`: a step that it needs failed, or its host cannot be reached (which the host's first step reports as
 * `failed`). `interrupted`: the user interrupted the run while the step was running.
 */
export type StepOutcome = 'unchanged' | 'changed' | 'failed' | 'blocked' | 'interrupted';

/** What a run reports while it is running. Reporters turn it into lines, JSON or spinners. Never holds a secret. */
export type RunEvent =
  | {
      readonly type: 'start';
      readonly run: 'up' | 'down' | 'plan' | 'save' | 'restore';
      readonly hosts: readonly string[];
      readonly steps: readonly {readonly name: string; readonly hosts: readonly string[]}[];
    }
  /** Steps that the first observation showed must be removed, because their hosts have lost a role. */
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
      /** The text of the script, if the action is one. */
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
      /** Steps on hosts that were not started, because something they need failed. */
      readonly blocked: number;
      readonly elapsedMs: number;
    }
  /** The user is prompted for a password: until `answered`, the prompt has the terminal. */
  | {readonly type: 'asking'; readonly question: string}
  | {readonly type: 'answered'}
  /** The last event of a run that was interrupted, could not start, or hit a bug. */
  | {readonly type: 'aborted'; readonly elapsedMs: number};

export type Emit = (event: RunEvent) => void;
