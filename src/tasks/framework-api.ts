import type * as z from 'zod';
import {type Cluster, type ClusterNode, nodesWith} from '../cluster/cluster.js';
import {nearest} from '../cluster/nearest.js';
import type {Host} from '../host/host.js';
import type {OpenHosts} from '../host/open-hosts.js';
import {failure, reply, type TaskAction, taskReasons} from '../scheduler-api/commands.js';
import {SOCKET, STATE_PATH, taskActionPath, whyPath} from '../scheduler-api/endpoints.js';
import {readState, type SchedulerState, type TaskReport} from '../scheduler-api/state.js';
import {ContractError, describeIssues} from '../scheduler-api/version.js';
import {Hw5Error, UsageError} from '../support/errors.js';

/** An instance that stands by waits 8 s for the leader to do what it was told. */
const ANSWER_SECONDS = 12;
/** How long a node may take to say anything. */
const LIMIT_MS = 15_000;
/** Once any instance has answered, the leader, whose word is the newest, gets so much longer. */
const GRACE_MS = 1_000;

/** The framework's control API, on the unix socket of an instance. Every instance answers; what only the leader can do is handed to it. */
export interface FrameworkApi {
  readonly node: ClusterNode;
  readonly state: SchedulerState;
  /** Why a task is as it is. */
  why(task: string): Promise<readonly string[]>;
  /** @returns what the framework says to it. @throws Hw5Error when it refuses. */
  command(task: string, action: TaskAction): Promise<string>;
}

/** No instance of the framework answers, on any node. */
export class NoSchedulerError extends Hw5Error {}

/** Asks all instances at once and takes the leader, or else one that answers. @throws NoSchedulerError with each node's reason. */
export async function findFramework(cluster: Cluster, hosts: OpenHosts, signal?: AbortSignal): Promise<FrameworkApi> {
  const nodes = nodesWith(cluster, 'framework');
  const reasons = new Map<ClusterNode, string>();
  const found = await leaderOrAny(
    nodes.map(async (node) => {
      try {
        return await ask(node, hosts, signal);
      } catch (error) {
        reasons.set(node, `${node.name}: ${(error as Error).message.split('\n')[0]}`);
        return undefined;
      }
    }),
  );
  signal?.throwIfAborted();
  const api = found.find(({state}) => state.framework.isLeader) ?? found[0];
  if (api) return api;
  throw new NoSchedulerError(`no scheduler answers\n${nodes.map((node) => reasons.get(node)).join('\n')}`, {
    hint: '`hw5 status` shows what runs where, `hw5 logs scheduler` what it said last, `hw5 up` mends it',
  });
}

/** All answers that came until the leader's did, or until `GRACE_MS` after the first one. */
function leaderOrAny(asked: readonly Promise<FrameworkApi | undefined>[]): Promise<readonly FrameworkApi[]> {
  return new Promise((resolve) => {
    const found: FrameworkApi[] = [];
    let timer: NodeJS.Timeout | undefined;
    let open = asked.length;
    const end = () => {
      clearTimeout(timer);
      resolve(found);
    };
    for (const one of asked) {
      void one.then((api) => {
        open--;
        if (api) {
          found.push(api);
          timer ??= setTimeout(end, GRACE_MS);
        }
        if (open === 0 || api?.state.framework.isLeader) end();
      });
    }
  });
}

async function ask(node: ClusterNode, hosts: OpenHosts, signal?: AbortSignal): Promise<FrameworkApi> {
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

/** One request over the socket, made on the node itself. */
async function request(
  host: Host,
  method: 'GET' | 'POST',
  path: string,
  signal?: AbortSignal,
): Promise<{status: number; body: unknown}> {
  const result = await host.exec(
    [
      'curl',
      '-sS',
      '-m',
      String(ANSWER_SECONDS),
      '-X',
      method,
      '-w',
      '\\n%{http_code}',
      '--unix-socket',
      SOCKET,
      `http://scheduler${path}`,
    ],
    {signal, timeoutMs: LIMIT_MS},
  );
  // 7: nobody listens at the socket
  if (result.code === 7) throw new Hw5Error('its scheduler does not run');
  if (result.code === 28) throw new Hw5Error(`its scheduler did not answer within ${ANSWER_SECONDS} s`);
  const at = result.stdout.lastIndexOf('\n', result.stdout.trimEnd().length - 1);
  try {
    return {status: Number(result.stdout.slice(at + 1)), body: JSON.parse(result.stdout.slice(0, at)) as unknown};
  } catch (cause) {
    throw new Hw5Error(`its scheduler cannot be asked: ${result.stderr.trim() || 'it answered with something else than JSON'}`, {
      cause,
    });
  }
}

/** The task of that name. @throws UsageError with the name that was probably meant. */
export function taskOf(state: SchedulerState, name: string, cluster: Cluster): TaskReport {
  const task = state.tasks.find((one) => one.name === name);
  if (task) return task;
  const names = state.tasks.map((one) => one.name);
  if (cluster.framework.tasks.some((one) => one.name === name))
    throw new UsageError(`the framework does not know ${name} yet`, {hint: 'it is in the cluster file: run `hw5 up`'});
  const near = nearest(name, names);
  throw new UsageError(`there is no task ${name}`, {
    hint: near === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean ${near}?`,
  });
}
