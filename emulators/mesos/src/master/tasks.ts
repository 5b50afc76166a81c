import {isTerminal, type TaskState, type TaskStatus} from '../common/wire.js';
import type {Context} from './context.js';
import {count} from './counters.js';
import {publishTaskUpdated} from './operator-events.js';
import {sendToAgent, sendUpdate} from './send.js';
import type {Agent, Framework, Task} from './state.js';
import {recordStatus} from './statuses.js';

/** Moves a task to the completed tasks, of which a limited number is kept. */
export function completeTask(context: Context, framework: Framework, task: Task): void {
  framework.tasks.delete(task.info.task_id.value);
  framework.unreachableTasks.delete(task.info.task_id.value);
  framework.completedTasks = [...framework.completedTasks, task].slice(-context.settings.maxCompletedTasks);
}

/** The tasks of a framework on an agent. */
export function tasksOn(framework: Framework, agent: Agent): Task[] {
  return [...framework.tasks.values()].filter((task) => task.agentId === agent.id);
}

/** UPDATE of an agent: records the latest state and forwards the status to the framework, which acknowledges it. */
export function forwardUpdate(context: Context, agent: Agent, frameworkId: string, status: TaskStatus, latest: TaskState): void {
  count(context, 'master/messages_status_update');
  const framework = context.state.frameworks.get(frameworkId);
  count(context, framework ? 'master/valid_status_updates' : 'master/invalid_status_updates');
  if (!framework) {
    context.emit({
      kind: 'log',
      message: `ignored an update of task ${status.task_id.value} of the unknown framework ${frameworkId}`,
    });
    return;
  }
  const task = framework.tasks.get(status.task_id.value);
  if (task && task.agentId === agent.id) {
    task.state = latest;
    if (framework.stream !== undefined) {
      task.forwarded = {state: status.state, uuid: status.uuid ?? ''};
    }
    recordStatus(task, status);
    publishTaskUpdated(context, task, status);
  }
  sendUpdate(context, framework, status);
}

/** ACKNOWLEDGE: lets the agent send the next update. A task is completed when its terminal update is acknowledged. */
export function acknowledge(context: Context, framework: Framework, call: {agentId: string; taskId: string; uuid: string}): void {
  const agent = context.state.agents.get(call.agentId);
  const task = framework.tasks.get(call.taskId);
  count(context, `master/${agent && task ? 'valid' : 'invalid'}_status_update_acknowledgements`);
  if (task?.forwarded && isTerminal(task.forwarded.state) && task.forwarded.uuid === call.uuid)
    completeTask(context, framework, task);
  if (agent)
    sendToAgent(context, agent, {type: 'ACKNOWLEDGE', framework_id: framework.id, task_id: call.taskId, uuid: call.uuid});
}
