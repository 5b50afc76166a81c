import {type ChildProcess, type SpawnOptions, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import type {ProcessIdentity} from './task-record.js';

export interface CommandResult {
  /** Undefined when a signal terminated the command or it could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command until it exits. Never rejects: when the command cannot be started, stderr has the reason. */
export function runCommand(
  argv: readonly string[],
  options: {readonly timeoutMs?: number; readonly signal?: AbortSignal} = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    const spawnOptions: SpawnOptions = {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : {timeout: options.timeoutMs, killSignal: 'SIGKILL'}),
      ...(options.signal ? {signal: options.signal} : {}),
    };
    const child = spawn(argv[0]!, argv.slice(1), spawnOptions);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({code: undefined, stdout, stderr: stderr + error.message}));
    child.once('close', (code) => resolve({code: code ?? undefined, stdout, stderr}));
  });
}

/** The identity of a process, also of one that has exited but was not reaped yet; undefined when there is no such process. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  return readProcess(pid)?.identity;
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = readProcess(identity.pid);
  return now?.isAlive === true && now.identity.startTime === identity.startTime && now.identity.bootId === identity.bootId;
}

function readProcess(pid: number): {readonly identity: ProcessIdentity; readonly isAlive: boolean} | undefined {
  try {
    // Fields 3 and up: the name in field 2 may contain spaces and parentheses. Field 3 is the state, field 22 the start time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ');
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return {identity: {pid, startTime: fields[19]!, bootId}, isAlive: fields[0] !== 'Z' && fields[0] !== 'X'};
  } catch {
    return undefined;
  }
}

/** How a child process ended: its exit code (undefined: by a signal), or why it could not be started. */
export function waitForExit(child: ChildProcess): Promise<{readonly code: number | undefined; readonly error?: Error}> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({code: undefined, error}));
    child.once('exit', (code) => resolve({code: code ?? undefined}));
  });
}
