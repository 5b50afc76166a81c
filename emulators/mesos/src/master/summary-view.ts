import type {Flags} from '../common/flags.js';
import type {Context} from './context.js';
import type {Framework, Task} from './state.js';
import {frameworkSummary, slaveView} from './views.js';

const STATES = [
  ...['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR', 'DROPPED', 'UNREACHABLE'],
  ...['GONE', 'GONE_BY_OPERATOR', 'UNKNOWN'],
].map((state) => `TASK_${state}`);

/** /state-summary: agents and frameworks with the numbers of their tasks instead of the tasks. */
export function summaryView(context: Context, flags: Flags): object {
  const {state, settings} = context;
  const frameworks = [...state.frameworks.values()];
  const everyTask = [...frameworks, ...state.completedFrameworks].flatMap(tasksOf);
  const cluster = flags.string('cluster');
  return {
    hostname: settings.masterInfo.hostname,
    ...(cluster === undefined ? {} : {cluster}),
    slaves: [...state.agents.values()].map((agent) => {
      const own = everyTask.filter((task) => task.agentId === agent.id);
      const ids = frameworks.filter((framework) => tasksOf(framework).some((task) => task.agentId === agent.id));
      return {...slaveView(context, agent), ...counts(own), framework_ids: ids.map((framework) => framework.id)};
    }),
    frameworks: frameworks.map((framework) => {
      const own = tasksOf(framework);
      return {
        ...frameworkSummary(context, framework),
        ...counts(own),
        slave_ids: [...new Set(own.map((task) => task.agentId))],
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
