import {add, NONE, scalar} from '../common/resources.js';
import type {Context} from './context.js';
import {usedOn} from './offers.js';

/** Some of the metrics in the /metrics/snapshot of an upstream master, by the same names. */
export function metrics(context: Context): Record<string, number> {
  const {state} = context;
  const agents = [...state.agents.values()];
  const frameworks = [...state.frameworks.values()];
  const tasks = frameworks.flatMap((framework) => [...framework.tasks.values()]);
  const completed = [...frameworks, ...state.completedFrameworks].flatMap((framework) => framework.completedTasks);
  const total = agents.reduce((sum, agent) => add(sum, agent.total), NONE);
  const used = agents.reduce((sum, agent) => add(sum, usedOn(state, agent)), NONE);
  const result: Record<string, number> = {
    'master/elected': 1,
    'master/uptime_secs': context.now() - state.startedAt,
    'master/slaves_active': agents.filter((agent) => agent.stream !== undefined).length,
    'master/slaves_connected': agents.filter((agent) => agent.stream !== undefined).length,
    'master/slaves_disconnected': agents.filter((agent) => agent.stream === undefined).length,
    'master/slaves_unreachable': state.unreachable.size,
    'master/frameworks_active': frameworks.filter((framework) => framework.stream !== undefined).length,
    'master/frameworks_connected': frameworks.filter((framework) => framework.stream !== undefined).length,
    'master/frameworks_disconnected': frameworks.filter((framework) => framework.stream === undefined).length,
    'master/outstanding_offers': state.offers.size,
  };
  for (const name of ['cpus', 'mem', 'disk']) {
    result[`master/${name}_total`] = scalar(total, name);
    result[`master/${name}_used`] = scalar(used, name);
    result[`master/${name}_percent`] = scalar(total, name) === 0 ? 0 : scalar(used, name) / scalar(total, name);
  }
  for (const state of ['STAGING', 'STARTING', 'RUNNING', 'KILLING'] as const) {
    result[`master/tasks_${state.toLowerCase()}`] = tasks.filter((task) => task.state === `TASK_${state}`).length;
  }
  for (const state of ['FINISHED', 'FAILED', 'KILLED', 'LOST', 'ERROR', 'DROPPED', 'GONE'] as const) {
    result[`master/tasks_${state.toLowerCase()}`] = completed.filter((task) => task.state === `TASK_${state}`).length;
  }
  return result;
}
