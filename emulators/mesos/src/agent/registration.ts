import type {AgentRegistration} from '../common/agent-protocol.js';
import {VERSION} from '../common/version.js';
import {type AgentInfo, isTerminal, type Resource, type TaskStatus} from '../common/wire.js';
import type {TaskRecord} from './task-record.js';

/** What an agent reports when it registers. It includes tasks that run, and those whose terminal update is not acknowledged yet. */
export function describeRegistration(
  info: AgentInfo,
  total: readonly Resource[],
  ip: string,
  tasks: readonly TaskRecord[],
): AgentRegistration {
  const records = tasks.filter((record) => !isTerminal(record.state) || record.pending.length > 0);
  const frameworks = new Map(records.map((record) => [record.framework.id!.value, record.framework]));
  return {
    info,
    ip,
    version: VERSION.version,
    total,
    frameworks: [...frameworks.values()],
    tasks: records.map((record) => ({
      framework_id: record.framework.id!.value,
      task: record.task,
      role: record.role,
      state: record.state,
      statuses: record.statuses,
    })),
  };
}

/** The status of a task that the master has on record for this agent, but the agent does not know. */
export function unknownTaskStatus(
  taskId: string,
  isPartitionAware: boolean,
  about: {readonly agentId: string; readonly timestamp: number; readonly uuid: string},
): TaskStatus {
  return {
    task_id: {value: taskId},
    state: isPartitionAware ? 'TASK_DROPPED' : 'TASK_LOST',
    message: 'Reconciliation: task unknown to the agent',
    source: 'SOURCE_AGENT',
    reason: 'REASON_RECONCILIATION',
    agent_id: {value: about.agentId},
    timestamp: about.timestamp,
    uuid: about.uuid,
  };
}
