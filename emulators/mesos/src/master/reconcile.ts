import {isTerminal} from '../common/wire.js';
import type {TaskReference} from './call.js';
import type {Context} from './context.js';
import {sendUpdate} from './send.js';
import type {Framework, Task} from './state.js';
import {lastKnown, masterStatus, supportedState} from './statuses.js';

const REASON = 'REASON_RECONCILIATION';

/** RECONCILE: reports the state of the given tasks, or of all tasks that have not terminated if none is given. */
export function reconcile(context: Context, framework: Framework, tasks: readonly TaskReference[]): void {
  if (tasks.length > 0) {
    for (const reference of tasks) reconcileTask(context, framework, reference);
    return;
  }
  for (const task of framework.tasks.values()) if (!isTerminal(task.state)) sendLatestState(context, framework, task);
}

/** Reports the state of a task. After a restart of the master, it reports nothing while an agent that may run the task has not registered again. */
export function reconcileTask(context: Context, framework: Framework, reference: TaskReference): void {
  const {state} = context;
  const taskId = reference.task_id.value;
  const task = framework.tasks.get(taskId);
  if (task) {
    sendLatestState(context, framework, task);
    return;
  }
  const agentId = reference.agent_id?.value ?? framework.unreachableTasks.get(taskId)?.agentId;
  if (agentId === undefined ? state.recovered.size > 0 : state.recovered.has(agentId)) return;
  const since = agentId === undefined ? undefined : state.unreachable.get(agentId);
  const report = (kind: 'TASK_UNREACHABLE' | 'TASK_GONE' | 'TASK_GONE_BY_OPERATOR' | 'TASK_UNKNOWN', message: string): void => {
    const details = {
      taskId,
      agentId,
      state: supportedState(framework, kind),
      message: `Reconciliation: ${message}`,
      reason: REASON,
      unreachableSince: since,
    };
    sendUpdate(context, framework, masterStatus(context, details));
  };
  if (since !== undefined) report('TASK_UNREACHABLE', 'Task is unreachable');
  else if (agentId !== undefined && state.agents.has(agentId)) report('TASK_GONE', 'Task is unknown to the agent');
  else if (agentId !== undefined && state.gone.has(agentId)) report('TASK_GONE_BY_OPERATOR', 'Task is gone');
  else report('TASK_UNKNOWN', 'Task is unknown');
}

function sendLatestState(context: Context, framework: Framework, task: Task): void {
  const details = {taskId: task.info.task_id.value, agentId: task.agentId, state: task.state, reason: REASON};
  const status = masterStatus(context, {...details, message: 'Reconciliation: Latest task state'});
  sendUpdate(context, framework, {...status, ...lastKnown(task)});
}
