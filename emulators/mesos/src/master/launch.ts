import {fromWire, type Resources, subtract} from '../common/resources.js';
import type {TaskInfo} from '../common/wire.js';
import type {Context} from './context.js';
import {tellTaskAdded} from './operator-events.js';
import type {Agent, Framework} from './state.js';
import {masterStatus, sendUpdate} from './statuses.js';
import {findTaskFault} from './validate-task.js';

/** LAUNCH of one task from what the offers have left; returns what is left then. */
export function launch(
  context: Context,
  framework: Framework,
  agent: Agent,
  role: string,
  task: TaskInfo,
  left: Resources,
): Resources {
  const fault = findTaskFault(task, framework, agent.id, role, left);
  if (fault !== undefined || agent.stream === undefined) {
    refuseTask(context, framework, task, 'REASON_TASK_INVALID', fault ?? 'the agent is disconnected');
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
  tellTaskAdded(context, added);
  const info = {...framework.info, id: {value: framework.id}};
  context.emit({kind: 'agent', stream: agent.stream, message: {type: 'RUN_TASK', framework: info, task, role}});
  return subtract(left, resources);
}

/** LAUNCH_GROUP: the tasks of a group share an executor, which there is none of here. */
export function refuseGroup(context: Context, framework: Framework, tasks: readonly TaskInfo[]): void {
  for (const task of tasks) {
    const message = "Task groups are not supported by hw5's lab work-alike of Mesos";
    refuseTask(context, framework, task, 'REASON_TASK_GROUP_INVALID', message);
  }
}

function refuseTask(context: Context, framework: Framework, task: TaskInfo, reason: string, message: string): void {
  const about = {taskId: task.task_id.value, agentId: task.agent_id.value, message, reason};
  sendUpdate(context, framework, masterStatus(context, {...about, state: 'TASK_ERROR'}));
}
