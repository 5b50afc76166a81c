import {fromWire, scalar} from '../common/resources.js';
import {systemMetrics} from '../common/system.js';
import type {EndpointContext} from './endpoint-context.js';
import {usedResources} from './views.js';

/** Some of the metrics in the /metrics/snapshot of an upstream agent, by the same names. */
export function metrics({agent, startedAt, now, isRegistered}: EndpointContext): Record<string, number> {
  const [total, used] = [fromWire(agent.total), usedResources(agent)];
  const records = [...agent.tasks, ...agent.completed];
  const result: Record<string, number> = {
    'slave/registered': Number(isRegistered()),
    'slave/uptime_secs': now() - startedAt,
    'slave/frameworks_active': new Set(agent.tasks.map((record) => record.framework.id!.value)).size,
    'slave/executors_running': agent.tasks.filter((record) => record.state === 'TASK_RUNNING').length,
  };
  for (const name of ['cpus', 'mem', 'disk', 'gpus']) {
    const [has, uses] = [scalar(total, name), scalar(used, name)];
    result[`slave/${name}_total`] = has;
    result[`slave/${name}_used`] = uses;
    result[`slave/${name}_percent`] = has === 0 ? 0 : uses / has;
  }
  for (const state of ['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'FAILED', 'KILLED', 'LOST', 'GONE'] as const) {
    result[`slave/tasks_${state.toLowerCase()}`] = records.filter((record) => record.state === `TASK_${state}`).length;
  }
  for (const name of ['cpus', 'mem', 'disk', 'gpus'])
    for (const what of ['total', 'used', 'percent']) result[`slave/${name}_revocable_${what}`] = 0;
  return {...result, ...systemMetrics()};
}
