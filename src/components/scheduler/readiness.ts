import type {Cluster, ClusterNode} from '../../cluster/cluster.js';
import {notebookOf} from '../../cluster/notebook.js';
import {SCHEDULER_STATE_COMMAND} from '../../scheduler-api/endpoints.js';
import type {SchedulerState, TaskReport} from '../../scheduler-api/state.js';

// The script below runs on the node, where the compiler does not see it: these check the names of its fields against the contract.
const framework = (field: keyof SchedulerState['framework']): string => `framework.${field}`;
const task = (field: keyof TaskReport): string => `task.${field}`;

/** Succeeds when all tasks run, are healthy and have their current description; otherwise prints why not, in one line. */
export function tasksAreReady(cluster: Cluster): string {
  const names = JSON.stringify(cluster.framework.tasks.map(({name}) => name));
  return `state=$(${SCHEDULER_STATE_COMMAND}) || { echo the scheduler does not answer; exit 1; }
problems=$(printf %s "$state" | node -e '
const {framework, tasks} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const problemsOf = (name) => {
  const task = tasks.find((one) => one.name === name);
  if (!task) return [name + " is unknown to the scheduler"];
  if (${task('isOutdated')}) return [name + " will be replaced because its description changed"];
  if (${task('state')} === "running" && ${task('message')} === "") return [];
  return [name + ": " + ${task('state')} + (${task('message')} ? " (" + ${task('message')} + ")" : "")];
};
const problems = ${framework('isCurrent')} ? ${names}.flatMap(problemsOf) : ["the leading scheduler does not have the new task list yet"];
console.log(problems.join("; "));') || exit 1
[ -z "$problems" ] || { printf "%s\\n" "$problems"; exit 1; }`;
}

/** Succeeds when the scheduler answers. */
export const SCHEDULER_ANSWERS = `${SCHEDULER_STATE_COMMAND} >/dev/null || exit 1`;

/** Succeeds when the notebook answers through the proxy of this node, which needs the routes and the firewall's rules. */
export function notebookAnswers(node: ClusterNode, cluster: Cluster): string {
  if (!node.roles.includes('proxy') || !notebookOf(cluster)) return 'true';
  const url = `http://${node.address}:${cluster.proxy.port}/login`;
  return `curl -sf -m 5 -o /dev/null ${url} || { echo the notebook does not answer through ${node.name}; exit 1; }`;
}
