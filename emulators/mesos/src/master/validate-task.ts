import {contains, fromWire, isEmpty, type Resources} from '../common/resources.js';
import {formatResources} from '../common/resources-text.js';
import type {Resource, TaskInfo} from '../common/wire.js';
import type {Framework} from './state.js';
import {validateContainer, validateEnvironment} from './validate-container.js';
import {validateId} from './validate-names.js';
import {validateResources} from './validate-resources.js';

/**
 * Why a task cannot be launched, with upstream's message; undefined if it can.
 * @param available the unused resources of the offers
 */
export function validateTask(
  task: TaskInfo,
  framework: Framework,
  agentId: string,
  role: string,
  available: Resources,
): string | undefined {
  return (
    validateId(task.task_id.value) ??
    (framework.tasks.has(task.task_id.value) || framework.unreachableTasks.has(task.task_id.value)
      ? `Task has duplicate ID: ${task.task_id.value}`
      : undefined) ??
    (task.agent_id.value === agentId
      ? undefined
      : `Task uses invalid agent ${task.agent_id.value} while agent ${agentId} is expected`) ??
    validateCommand(task) ??
    validateTaskResources(task.resources ?? [], role, available)
  );
}

function validateCommand(task: TaskInfo): string | undefined {
  if ((task.command === undefined) === (task.executor === undefined)) {
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  }
  if (task.executor !== undefined) return "Custom executors are not supported by hw5's Mesos emulator";
  if (task.check !== undefined) return "General checks are not supported by hw5's Mesos emulator";
  if (Object.keys(task.limits ?? {}).length > 0) return "Resource limits are not supported by hw5's Mesos emulator";
  if ((task.max_completion_time?.nanoseconds ?? 0) < 0) return "Task's 'max_completion_time' must be non-negative";
  const error = validateEnvironment(task.command!) ?? (task.container && validateContainer(task.container));
  if (error !== undefined) return error;
  const check = task.health_check;
  if (check?.type === 'HTTP' && !check.http) return "Expecting 'http' to be set for HTTP health check";
  if (check?.type === 'TCP' && !check.tcp) return "Expecting 'tcp' to be set for TCP health check";
  if (check?.type === 'COMMAND' && !check.command) return "Expecting 'command' to be set for COMMAND health check";
  return undefined;
}

function validateTaskResources(wire: readonly Resource[], role: string, available: Resources): string | undefined {
  const error = validateResources(wire);
  if (error !== undefined) return `Task uses invalid resources: ${error}`;
  const required = fromWire(wire);
  if (isEmpty(required)) return 'Task uses no resources';
  const foreign = wire.find((resource) => resource.allocation_info?.role !== undefined && resource.allocation_info.role !== role);
  if (foreign) return `Resources allocated to role '${foreign.allocation_info?.role}' do not match the offer's role '${role}'`;
  if (contains(available, required)) return undefined;
  const [needed, offered] = [formatResources(required, role), formatResources(available, role)];
  return `Total resources ${needed} required by task and its executor is more than available ${offered}`;
}
