import {quote, Secret} from '../host/command.js';
import type {Fact} from './fact.js';

/** The service of facts that read files and kernel tables, which never hang. */
export const FILES = 'files';

/** A small text file of a host. */
export interface FileState {
  readonly content: string;
  /** Octal, as `600`. */
  readonly mode: string;
}

/** A text file: its content and mode, or undefined if it is missing. */
export function textFile(path: string): Fact<FileState | undefined> {
  const file = quote(path);
  return {
    service: FILES,
    script: `[ -f ${file} ] || exit 3; stat -c %a ${file} && cat ${file}`,
    parse: ({stdout, code}) => {
      if (code !== 0) return undefined;
      const end = stdout.indexOf('\n');
      return {mode: stdout.slice(0, end), content: stdout.slice(end + 1)};
    },
  };
}

/** A file whose content must not be printed. */
export interface SecretFileState {
  readonly content: Secret;
  readonly mode: string;
}

/** A secret's file: its content and mode, or undefined if it is missing. */
export function secretFile(path: string): Fact<SecretFileState | undefined> {
  return mapped(textFile(path), (file) => file && {mode: file.mode, content: new Secret(file.content)});
}

/** The sha256 of a file in hex, or undefined if it is missing. For files too large to transfer. */
export function fileHash(path: string): Fact<string | undefined> {
  return {
    service: FILES,
    script: `[ -f ${quote(path)} ] || exit 3; sha256sum < ${quote(path)}`,
    parse: ({stdout, code}) => (code === 0 ? stdout.slice(0, 64) : undefined),
  };
}

/** Whether the path exists. */
export function exists(path: string): Fact<boolean> {
  return {service: FILES, script: `[ -e ${quote(path)} ]`, parse: ({code}) => code === 0};
}

/** A systemd unit as `systemctl show` prints it. */
export interface UnitState {
  readonly isLoaded: boolean;
  readonly isActive: boolean;
  /** `active`, `activating`, `failed`, … */
  readonly activeState: string;
  /** systemd waits before it starts it again, because it failed. */
  readonly isPausing: boolean;
  /** Whether it starts at boot. */
  readonly isEnabled: boolean;
  readonly isMasked: boolean;
  /** The unit file has changed since systemd read it. */
  readonly needsReload: boolean;
  readonly restarts: number;
}

/** The state of a systemd unit; one that does not exist is neither loaded nor active. */
export function unit(name: string): Fact<UnitState> {
  const properties = 'LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,NRestarts';
  return {
    service: 'systemd',
    script: `systemctl show -p ${properties} ${quote(name)}`,
    parse: ({stdout}) => {
      const values = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
      const activeState = values.get('ActiveState') ?? 'inactive';
      const subState = values.get('SubState') ?? '';
      const restarts = Number(values.get('NRestarts') ?? 0);
      return {
        isLoaded: values.get('LoadState') === 'loaded',
        isActive: activeState === 'active',
        activeState,
        // the pauses of templates/systemd/keep-trying.conf are made before its start
        isPausing: subState.startsWith('auto-restart') || (subState === 'start-pre' && restarts > 0),
        isEnabled: /^enabled/.test(values.get('UnitFileState') ?? ''),
        isMasked: values.get('LoadState') === 'masked',
        needsReload: values.get('NeedDaemonReload') === 'yes',
        restarts,
      };
    },
  };
}

/** The trimmed output of a script, or undefined if it failed. */
export function output(script: string): Fact<string | undefined> {
  return {script, parse: ({stdout, code}) => (code === 0 ? stdout.trim() : undefined)};
}

/** Whether a script exits with 0. */
export function succeeds(script: string): Fact<boolean> {
  return {script, parse: ({code}) => code === 0};
}

/** JSON that a script prints, or undefined if it failed or printed none. */
export function json<T>(script: string): Fact<T | undefined> {
  return {
    script,
    parse: ({stdout, code}) => {
      if (code !== 0) return undefined;
      try {
        return JSON.parse(stdout) as T;
      } catch {
        return undefined;
      }
    },
  };
}

/** The same fact with its value mapped. */
export function mapped<T, U>({whenTimedOut: _, ...fact}: Fact<T>, read: (value: T) => U): Fact<U> {
  return {...fact, parse: (output) => read(fact.parse(output))};
}
