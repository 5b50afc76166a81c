import type * as z from 'zod';
import {type Cluster, type ClusterNode, nodesWith} from '../cluster/cluster.js';
import {nearest} from '../cluster/nearest.js';
import type {OpenHosts} from '../host/open-hosts.js';
import {failure, reply, type TaskAction, taskReasons} from '../scheduler-api/commands.js';
import {STATE_PATH, taskActionPath, whyPath} from '../scheduler-api/endpoints.js';
import {readState, type SchedulerState, type TaskReport} from '../scheduler-api/state.js';
import {ContractError, describeIssues} from '../scheduler-api/version.js';
import {Hw5Error, UsageError} from '../support/errors.js';
import {request} from './socket-request.js';

/** After the first answer, so long is waited for the answer of the leader, whose state is the newest. */
const GRACE_MS = 1_000;
/** So long where an answer names the leader, and its node may still answer: without it, no task's state is confirmed. */
const LEADER_GRACE_MS = 5_000;

/** The control API of one instance of the scheduler. Every instance answers and passes commands on to the leader. */
export interface FrameworkApi {
  readonly node: ClusterNode;
  readonly state: SchedulerState;
  /** The reasons for a task's state. */
  why(task: string): Promise<readonly string[]>;
  /** @returns the scheduler's reply. @throws Hw5Error when it rejects the command */
  command(task: string, action: TaskAction): Promise<string>;
}

/** No instance of the scheduler gives an answer that can be used. */
export class NoSchedulerError extends Hw5Error {}

/** Queries all instances concurrently and returns the leader, or else one that answers. @throws NoSchedulerError with each node's reason */
export async function findFramework(cluster: Cluster, hosts: OpenHosts, signal?: AbortSignal): Promise<FrameworkApi> {
  const nodes = nodesWith(cluster, 'framework');
  const errors = new Map<ClusterNode, unknown>();
  const answer = async (node: ClusterNode): Promise<FrameworkApi | undefined> => {
    try {
      return await connect(node, hosts, signal);
    } catch (error) {
      errors.set(node, error);
      return undefined;
    }
  };
  const found = await leaderOrAny(new Map(nodes.map((node) => [node.name, answer(node)])));
  signal?.throwIfAborted();
  const api = found.find(({state}) => state.framework.isLeader) ?? found[0];
  if (api) return api;
  throw noScheduler(nodes, errors);
}

function noScheduler(nodes: readonly ClusterNode[], errors: ReadonlyMap<ClusterNode, unknown>): NoSchedulerError {
  const mismatch = [...errors.values()].find((error) => error instanceof ContractError);
  const summary = mismatch === undefined ? 'no scheduler answers' : 'no scheduler gives an answer that this hw5 understands';
  const reasons = nodes.map((node) => `${node.name}: ${(errors.get(node) as Error).message.split('\n')[0]}`);
  const hint = '`hw5 status` shows what runs where, `hw5 logs scheduler` prints its log, `hw5 up` repairs it';
  return new NoSchedulerError([summary, ...reasons].join('\n'), {hint: mismatch?.hint ?? hint, cause: mismatch});
}

/**
 * The instances that answer before the leader has answered, or in the time that it gets after the first one.
 * @param answers by the names of their nodes; undefined: it does not answer
 */
function leaderOrAny(answers: ReadonlyMap<string, Promise<FrameworkApi | undefined>>): Promise<readonly FrameworkApi[]> {
  return new Promise((resolve) => {
    const found: FrameworkApi[] = [];
    const open = new Set(answers.keys());
    const timers: NodeJS.Timeout[] = [];
    let isGraceOver = false;
    const end = () => {
      timers.forEach(clearTimeout);
      resolve(found);
    };
    const mayLeaderAnswer = () => found.some(({state: {framework}}) => framework.leader !== null && open.has(framework.leader));
    const endWithoutLeader = () => {
      if (isGraceOver && !mayLeaderAnswer()) end();
    };
    const afterGrace = () => {
      isGraceOver = true;
      endWithoutLeader();
    };
    for (const [node, answer] of answers) {
      void answer.then((api) => {
        open.delete(node);
        if (api) {
          found.push(api);
          if (timers.length === 0) timers.push(setTimeout(afterGrace, GRACE_MS), setTimeout(end, LEADER_GRACE_MS));
        }
        if (open.size === 0 || api?.state.framework.isLeader) end();
        else endWithoutLeader();
      });
    }
  });
}

async function connect(node: ClusterNode, hosts: OpenHosts, signal?: AbortSignal): Promise<FrameworkApi> {
  const host = (await hosts.of(node)).asRoot();
  const {status, body} = await request(host, 'GET', STATE_PATH, signal);
  if (status !== 200) throw new Hw5Error(errorOf(body) ?? `the scheduler answered ${status}`);
  return {
    node,
    state: readState(body),
    async why(task) {
      const answer = await request(host, 'GET', whyPath(task), signal);
      if (answer.status !== 200) throw new Hw5Error(errorOf(answer.body) ?? `the scheduler answered ${answer.status}`);
      return parse(taskReasons, answer.body).why;
    },
    async command(task, action) {
      const answer = await request(host, 'POST', taskActionPath(task, action), signal);
      if (answer.status === 202) return parse(reply, answer.body).message;
      const rejection = reply.safeParse(answer.body).data?.message ?? errorOf(answer.body);
      throw new Hw5Error(rejection ?? `the scheduler answered ${answer.status}`, {hint: `\`hw5 why ${task}\` gives the reasons`});
    },
  };
}

/** Reads an answer of a scheduler whose state was understood. @throws ContractError */
function parse<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new ContractError('malformed', `the scheduler's answer is not understood: ${describeIssues(result.error)}`);
}

function errorOf(body: unknown): string | undefined {
  return failure.safeParse(body).data?.error;
}

/** The task with this name. @throws UsageError suggesting a similar name */
export function taskOf(state: SchedulerState, name: string, cluster: Cluster): TaskReport {
  const task = state.tasks.find((one) => one.name === name);
  if (task) return task;
  const names = state.tasks.map((one) => one.name);
  if (cluster.framework.tasks.some((one) => one.name === name))
    throw new UsageError(`the framework does not have ${name} yet`, {hint: 'it is in the cluster file: run `hw5 up`'});
  const near = nearest(name, names);
  throw new UsageError(`there is no task ${name}`, {
    hint: near === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean ${near}?`,
  });
}
