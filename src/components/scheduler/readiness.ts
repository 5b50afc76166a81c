import type {Cluster, ClusterNode} from '../../cluster/cluster.js';
import {notebookOf} from '../../cluster/notebook.js';
import {HOPELESS} from '../../engine/step.js';
import {SCHEDULER_STATE_COMMAND} from '../../scheduler-api/endpoints.js';
import type {SchedulerState, TaskReport} from '../../scheduler-api/state.js';

// The script below runs on the node, where the compiler does not see it: these check the names of its fields against the contract.
const framework = (field: keyof SchedulerState['framework']): string => `framework.${field}`;
const task = (field: keyof TaskReport): string => `task.${field}`;

/**
 * After so many failures in a row for the same reason, the last of them during the wait, waiting is of no use. They take about 25 s: the
 * first starts after a restart of dockerd or of its network plugin may fail for that reason only.
 */
const FAILURES = 5;
/** A program that was started and then ends by itself may wait for another task in this way: it gets about two minutes. */
const OWN_FAILURES = 8;
/** In the reason of a failure: docker could not start the container. */
const NOT_STARTED = /exited with status 12[567]\b/;

/** A program that cannot run is RUNNING for a moment, too: a task without a health check has to run for as long. */
const STEADY_SECONDS = 3;

/**
 * A program for the node: gets the scheduler's state as `framework` and `tasks`, prints what is missing, and exits with HOPELESS where one of
 * these tasks fails each time that it is started.
 */
function program(names: readonly string[], missing: string): string {
  return `state=$(${SCHEDULER_STATE_COMMAND}) || { echo the scheduler does not answer; exit 1; }
problems=$(printf '%s\\n%s' "\${HW5_WAIT_BEGAN-}" "$state" | node -e '
const names = ${JSON.stringify(names)};
const [began, ...state] = require("fs").readFileSync(0, "utf8").split("\\n");
const {framework, tasks} = JSON.parse(state.join("\\n"));
const hopeless = new Map();
for (const task of tasks.filter(({name}) => names.includes(name))) {
  const failing = ${task('failing')};
  const isWaiting = ["failed", "pending"].includes(${task('state')}) && Date.parse(${task('since')}) / 1000 >= Number(began || Infinity);
  if (!failing || !isWaiting || failing.times < (${NOT_STARTED}.test(failing.reason) ? ${FAILURES} : ${OWN_FAILURES})) continue;
  hopeless.set(failing.reason, [...(hopeless.get(failing.reason) || []), task.name]);
}
const missing = () => {
  ${missing}
};
const lines = [...hopeless].map(([reason, names]) => names.join(", ") + ": each start fails: " + reason);
console.log(lines.length > 0 ? ["hopeless", ...lines].join("\\n") : missing());') || exit 1
case $problems in
  '') ;;
  hopeless*) printf '%s\\n' "\${problems#hopeless?}"; exit ${HOPELESS} ;;
  *) printf '%s\\n' "$problems"; exit 1 ;;
esac`;
}

/** Succeeds when all tasks run steadily, are healthy and have their current description; otherwise prints why not. */
export function tasksAreReady(cluster: Cluster): string {
  return program(
    cluster.framework.tasks.map(({name}) => name),
    `const problemsOf = (name) => {
  const task = tasks.find((one) => one.name === name);
  if (!task) return [name + " is unknown to the scheduler"];
  if (${task('isOutdated')}) return [name + " will be replaced because its description changed"];
  if (${task('state')} === "running" && ${task('message')} === "") {
    // a clock that is set back must not make it wait for hours
    const isNew = Math.abs(Date.now() - Date.parse(${task('since')})) < ${STEADY_SECONDS * 1000};
    return ${task('healthy')} === null && isNew ? [name + " has run for less than ${STEADY_SECONDS} s"] : [];
  }
  return [name + ": " + ${task('state')} + (${task('message')} ? " (" + ${task('message')} + ")" : "")];
};
const isCurrent = ${framework('isCurrent')};
const problems = isCurrent ? names.flatMap(problemsOf) : ["the leading scheduler does not have the new task list yet"];
return problems.join("; ");`,
  );
}

/** Succeeds when the scheduler answers. */
export const SCHEDULER_ANSWERS = `${SCHEDULER_STATE_COMMAND} >/dev/null || exit 1`;

/** Succeeds when the notebook answers through the proxy of this node, which needs the routes and the firewall's rules. */
export function notebookAnswers(node: ClusterNode, cluster: Cluster): string {
  const notebook = notebookOf(cluster);
  if (!node.roles.includes('proxy') || !notebook) return 'true';
  const url = `http://${node.address}:${cluster.proxy.port}/login`;
  const missing = `the notebook does not answer through ${node.name}`;
  return `curl -sf -m 5 -o /dev/null ${url} && exit 0
${program([notebook.name], `return ${JSON.stringify(missing)};`)}`;
}
