import type {Flags} from '../common/flags.js';
import type {Context} from './context.js';
import type {Framework, Task} from './state.js';
import {frameworkSummary, slaveView} from './views.js';

/** Upstream does not count the other states. */
const STATES = ['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR', 'UNREACHABLE'].map(
  (state) => `TASK_${state}`,
);

/** The content of /state-summary: agents and frameworks with the number of their tasks in each state. */
export function summaryView(context: Context, flags: Flags): object {
  const {state, settings} = context;
  const frameworks = [...state.frameworks.values()];
  const allTasks = frameworks.flatMap(tasksOf);
  const cluster = flags.string('cluster');
  return {
    hostname: settings.masterInfo.hostname,
    ...(cluster === undefined ? {} : {cluster}),
    slaves: [...state.agents.values()].map((agent) => {
      const tasksOnAgent = allTasks.filter((task) => task.agentId === agent.id);
      const ids = frameworks.filter((framework) => tasksOf(framework).some((task) => task.agentId === agent.id));
      return {...slaveView(context, agent), ...counts(tasksOnAgent), framework_ids: ids.map((framework) => framework.id)};
    }),
    frameworks: frameworks.map((framework) => {
      const tasks = tasksOf(framework);
      return {
        ...frameworkSummary(context, framework),
        ...counts(tasks),
        slave_ids: [...new Set(tasks.map((task) => task.agentId))],
      };
    }),
  };
}

function tasksOf(framework: Framework): Task[] {
  return [...framework.tasks.values(), ...framework.unreachableTasks.values(), ...framework.completedTasks];
}

function counts(tasks: readonly Task[]): Record<string, number> {
  return Object.fromEntries(STATES.map((state) => [state, tasks.filter((task) => task.state === state).length]));
}
