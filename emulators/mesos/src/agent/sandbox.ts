import {chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {LaunchError} from './containers/container.js';
import type {TaskRecord} from './task-record.js';
import {findUser, type User} from './users.js';

/** The sandbox of a run of a task, at the same path as in upstream Mesos. */
export function sandboxPath(workDir: string, agentId: string, frameworkId: string, taskId: string, containerId: string): string {
  return join(workDir, 'slaves', agentId, 'frameworks', frameworkId, 'executors', taskId, 'runs', containerId);
}

/**
 * The owner of the task's files: the user of the command, or else of the framework. Undefined to keep the agent's user.
 * @param switchesUser false with --no-switch_user: every task runs as the agent's user
 * @throws {LaunchError}
 */
export function findOwner(record: TaskRecord, switchesUser: boolean): User | undefined {
  if (!switchesUser) return undefined;
  const name = record.task.command?.user ?? record.framework.user;
  const user = findUser(name);
  if (!user) {
    const message = `Failed to create executor directory '${record.sandbox}': Failed to chown directory to '${name}': No such user '${name}'`;
    throw new LaunchError(message, 'TASK_LOST', 'REASON_EXECUTOR_TERMINATED');
  }
  return process.getuid?.() === 0 ? user : undefined;
}

/** Creates the sandbox. */
export function makeSandbox(record: TaskRecord, owner: User | undefined): void {
  mkdirSync(record.sandbox, {recursive: true});
  const latest = join(dirname(record.sandbox), 'latest');
  rmSync(latest, {force: true});
  symlinkSync(record.sandbox, latest);
  for (const path of ['stdout', 'stderr']) writeFileSync(join(record.sandbox, path), '', {flag: 'a'});
  if (!owner) return;
  for (const path of ['', 'stdout', 'stderr']) chownSync(join(record.sandbox, path), owner.uid, owner.gid);
}
