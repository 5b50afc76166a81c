import {fromWire, type Resources, subtract} from '../common/resources.js';
import type {TaskInfo} from '../common/wire.js';
import type {Context} from './context.js';
import {publishTaskAdded} from './operator-events.js';
import {sendUpdate} from './send.js';
import type {Agent, Framework} from './state.js';
import {masterStatus} from './statuses.js';
import {validateTask} from './validate-task.js';

/** LAUNCH: launches a task. @param left the unused resources of the offers @returns what is left after the launch */
export function launch(
  context: Context,
  framework: Framework,
  agent: Agent,
  role: string,
  task: TaskInfo,
  left: Resources,
): Resources {
  const error = validateTask(task, framework, agent.id, role, left);
  if (error !== undefined || agent.stream === undefined) {
    rejectTask(context, framework, task, 'REASON_TASK_INVALID', error ?? 'the agent is disconnected');
    return left;
  }
  const resources = fromWire(task.resources);
  const added = {
    info: task,
    frameworkId: framework.id,
    agentId: agent.id,
    role,
    resources,
    state: 'TASK_STAGING' as const,
    statuses: [],
  };
  framework.tasks.set(task.task_id.value, added);
  publishTaskAdded(context, added);
  const info = {...framework.info, id: {value: framework.id}};
  context.emit({kind: 'agent', stream: agent.stream, message: {type: 'RUN_TASK', framework: info, task, role}});
  return subtract(left, resources);
}

/** LAUNCH_GROUP: rejects the tasks of a group, which would need the default executor. */
export function rejectTaskGroup(context: Context, framework: Framework, tasks: readonly TaskInfo[]): void {
  for (const task of tasks) {
    const message = "Task groups are not supported by hw5's Mesos emulator";
    rejectTask(context, framework, task, 'REASON_TASK_GROUP_INVALID', message);
  }
}

function rejectTask(context: Context, framework: Framework, task: TaskInfo, reason: string, message: string): void {
  const details = {taskId: task.task_id.value, agentId: task.agent_id.value, message, reason};
  sendUpdate(context, framework, masterStatus(context, {...details, state: 'TASK_ERROR'}));
}
