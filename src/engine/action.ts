import {quoteAll, type Secret} from '../host/command.js';
import type {FileState, SecretFileState, UnitState} from './facts.js';

/** A hint for an error whose standard error matches. */
export interface HintWhen {
  readonly when: RegExp;
  readonly hint: string;
}

/** A command. `stdin` may carry secrets. `title` describes it to users. */
export interface RunAction {
  readonly kind: 'run';
  readonly title: string;
  readonly argv: readonly string[];
  readonly stdin?: string | Secret | Buffer | undefined;
  readonly timeoutMs?: number | undefined;
  readonly hint?: string | undefined;
  /** The first one that matches replaces `hint`. */
  readonly hints?: readonly HintWhen[] | undefined;
}

/** A POSIX shell script that exits with another code than 0 when it fails. */
export interface ScriptAction {
  readonly kind: 'script';
  readonly title: string;
  readonly script: string;
  readonly timeoutMs?: number | undefined;
  readonly hint?: string | undefined;
  /** The first one that matches replaces `hint`. */
  readonly hints?: readonly HintWhen[] | undefined;
}

/** A file's whole content, written atomically with its mode. */
export interface WriteAction {
  readonly kind: 'write';
  readonly path: string;
  readonly content: string | Secret;
  readonly mode: number;
  /** The current content, for the diff. */
  readonly before?: string | undefined;
}

/** A large file from the controller. */
export interface UploadAction {
  readonly kind: 'upload';
  readonly path: string;
  readonly localFile: string;
  readonly mode: number;
}

export interface RemoveAction {
  readonly kind: 'remove';
  readonly path: string;
}

export interface SystemctlAction {
  readonly kind: 'systemctl';
  readonly verb: 'start' | 'stop' | 'restart' | 'enable' | 'disable' | 'daemon-reload' | 'reset-failed';
  readonly units: readonly string[];
  readonly hint?: string | undefined;
  /** For one that may take long, as the reason of a wait: what it waits for. */
  readonly waitsFor?: string | undefined;
}

/** A stream of bytes from a file on the controller into a command on the host. */
export interface FeedAction {
  readonly kind: 'feed';
  readonly title: string;
  readonly localFile: string;
  readonly argv: readonly string[];
}

/** A stream of bytes from a command on the host into a file on the controller, which is complete or does not exist. */
export interface FetchAction {
  readonly kind: 'fetch';
  readonly title: string;
  readonly argv: readonly string[];
  readonly localFile: string;
}

/** A file that the host downloads, and checks if its sha256 is given. */
export interface DownloadAction {
  readonly kind: 'download';
  readonly url: string;
  readonly sha256?: string | undefined;
  readonly path: string;
  readonly mode: number;
}

/** A change to a host as data, which can be printed, compared and performed. There is no other way to change a host. */
export type Action =
  | RunAction
  | ScriptAction
  | WriteAction
  | UploadAction
  | RemoveAction
  | SystemctlAction
  | FeedAction
  | FetchAction
  | DownloadAction;

/** Writes the file unless it already has this content and mode. */
export function ensureFile(path: string, content: string, observed: FileState | undefined, mode = 0o644): readonly WriteAction[] {
  if (observed && observed.content === content && observed.mode === mode.toString(8)) return [];
  return [{kind: 'write', path, content, mode, before: observed?.content}];
}

/** Writes a secret's file unless it already has this content and mode 0600. */
export function ensureSecret(path: string, content: Secret, observed: SecretFileState | undefined): readonly WriteAction[] {
  if (observed && observed.content.reveal() === content.reveal() && observed.mode === '600') return [];
  return [{kind: 'write', path, content, mode: 0o600, before: observed ? '***' : undefined}];
}

/** Uploads a file of the controller unless the one on the host has its hash. */
export function ensureUpload(
  path: string,
  local: {readonly path: string; readonly sha256: string},
  observed: string | undefined,
): readonly UploadAction[] {
  return observed === local.sha256 ? [] : [{kind: 'upload', path, localFile: local.path, mode: 0o755}];
}

export function systemctl(verb: SystemctlAction['verb'], ...units: string[]): SystemctlAction {
  return {kind: 'systemctl', verb, units};
}

/**
 * Enables the unit, and (re)starts it when it does not run or when `changed` actions come before. Empty when there is nothing to do. A unit
 * that systemd restarts again and again begins without the pause and the count of its earlier failures.
 */
export function ensureRunning(name: string, observed: UnitState, changed: readonly Action[]): readonly Action[] {
  const actions: Action[] = [];
  if (changed.length > 0 || observed.needsReload) actions.push(systemctl('daemon-reload'));
  if (!observed.isEnabled) actions.push(systemctl('enable', name));
  if (!observed.isActive && observed.restarts > 0) actions.push(systemctl('reset-failed', name));
  if (changed.length > 0 || observed.needsReload || !observed.isActive) actions.push(systemctl('restart', name));
  return actions;
}

/** An action in one line, for `plan` and --verbose. Never holds a secret. */
export function describe(action: Action): string {
  switch (action.kind) {
    case 'run':
      return `${action.title}: ${quoteAll(action.argv)}`;
    case 'script':
      return action.title;
    case 'write':
      return `${action.before === undefined ? 'write' : 'change'} ${action.path} (mode ${action.mode.toString(8).padStart(4, '0')})`;
    case 'upload':
      return `upload ${action.path}`;
    case 'remove':
      return `remove ${action.path}`;
    case 'systemctl':
      return ['systemctl', action.verb, ...action.units].join(' ');
    case 'feed':
    case 'fetch':
      return `${action.title}: ${quoteAll(action.argv)}`;
    case 'download':
      return `download ${action.path} from ${action.url}`;
  }
}
