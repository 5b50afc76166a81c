import type {EnvironmentVariable} from '../common/wire.js';
import type {TaskRecord} from './task-record.js';

/** The environment of a command task: the variables that Mesos sets, then those of the command. The agent's environment is not inherited. */
export function taskEnvironment(record: TaskRecord, agent: {readonly ip: string; readonly port: number}): EnvironmentVariable[] {
  const base: Readonly<Record<string, string>> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    PWD: record.sandbox,
    MESOS_SANDBOX: record.sandbox,
    MESOS_DIRECTORY: record.sandbox,
    MESOS_AGENT_ENDPOINT: `${agent.ip}:${agent.port}`,
    MESOS_SLAVE_PID: `slave(1)@${agent.ip}:${agent.port}`,
    MESOS_SLAVE_ID: record.task.agent_id.value,
    MESOS_FRAMEWORK_ID: record.framework.id!.value,
    MESOS_EXECUTOR_ID: record.task.task_id.value,
    MESOS_ALLOCATION_ROLE: record.role,
    MESOS_CHECKPOINT: record.framework.checkpoint ? '1' : '0',
  };
  const ofCommand = record.task.command?.environment?.variables ?? [];
  return [...Object.entries(base).map(([name, value]) => ({name, value})), ...ofCommand];
}

/** The value of a variable. Secrets are decoded from base64. */
export function variableValue({value, secret}: EnvironmentVariable): string {
  return secret?.value === undefined ? (value ?? '') : Buffer.from(secret.value.data, 'base64').toString('utf8');
}
