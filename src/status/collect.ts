import {type Cluster, type ClusterNode, calicoNodes} from '../cluster/cluster.js';
import {notebookOf} from '../cluster/notebook.js';
import {type BgpPeer, peersFact} from '../components/calico/node-status.js';
import {type Policy, policiesFact} from '../components/calico/policies.js';
import type {Component} from '../components/component.js';
import type {Health} from '../components/health.js';
import {NOTEBOOK_SILENT} from '../components/proxy/component.js';
import {json, mapped} from '../engine/facts.js';
import {observe} from '../engine/observe.js';
import type {Host} from '../host/host.js';
import {PromptAwareLimits} from '../host/prompt-aware-limits.js';
import {SCHEDULER_STATE_COMMAND} from '../scheduler-api/endpoints.js';
import {readState} from '../scheduler-api/state.js';
import {ContractError} from '../scheduler-api/version.js';
import {Hw5Error} from '../support/errors.js';
import {healthFacts} from './health-facts.js';
import type {ClusterStatus} from './status.js';
import {type NodeAnswer, summarize} from './summarize.js';

/** The limit of one fact: less than the node's, so that a component that hangs leaves time for the others. */
const FACT_SECONDS = 8;

/** Returns a connection to a node, which is made when it is first needed and again after it was lost. */
export type HostOf = (node: ClusterNode) => Promise<Host>;

/**
 * Observes all nodes concurrently. A node that does not answer within `limitMs` is reported as not reachable, and delays nothing.
 * @param limits excludes the time in which the user is prompted
 */
export async function collectStatus(
  cluster: Cluster,
  components: readonly Component[],
  hostOf: HostOf,
  limitMs: number,
  limits = new PromptAwareLimits(),
): Promise<ClusterStatus> {
  const answers = await Promise.all(cluster.nodes.map((node) => observeNode(node, cluster, components, hostOf, limitMs, limits)));
  const status = summarize(cluster, answers);
  if (!isNotebookCutOff(cluster, status)) return status;
  const policies = await observePolicies(cluster, status, hostOf, limitMs, limits);
  return {...status, notebook: {...status.notebook, policies: policies ?? null}};
}

/** Whether a proxy runs but cannot reach the notebook, although its task runs. */
function isNotebookCutOff(cluster: Cluster, {nodes, tasks}: ClusterStatus): boolean {
  const notebook = notebookOf(cluster)?.name;
  const isRunning = tasks.some(({name, state}) => name === notebook && state === 'running');
  return isRunning && nodes.some(({components}) => components['proxy']?.detail.startsWith(NOTEBOOK_SILENT));
}

/** Calico's policies, from the first node on which calicoctl answers: all are queried concurrently, because one may hang. */
async function observePolicies(
  cluster: Cluster,
  status: ClusterStatus,
  hostOf: HostOf,
  limitMs: number,
  limits: PromptAwareLimits,
): Promise<readonly Policy[] | undefined> {
  const reachable = new Set(status.nodes.filter((node) => node.reachable).map(({name}) => name));
  const onNode = async (node: ClusterNode) => {
    const observation = async (limit: AbortSignal) =>
      observe((await hostOf(node)).asRoot(), {policies: policiesFact}, limit, FACT_SECONDS);
    return limits.within(limitMs, observation).then(
      ({policies}) => policies,
      () => undefined,
    );
  };
  const found = await Promise.all(
    calicoNodes(cluster)
      .filter(({name}) => reachable.has(name))
      .map(onNode),
  );
  return found.find((policies) => policies !== undefined);
}

async function observeNode(
  node: ClusterNode,
  cluster: Cluster,
  components: readonly Component[],
  hostOf: HostOf,
  limitMs: number,
  limits: PromptAwareLimits,
): Promise<NodeAnswer> {
  try {
    const facts = {
      ...healthFacts(components, cluster, node),
      'peers?': peersFact,
      'scheduler?': {
        ...mapped(json<unknown>(node.roles.includes('framework') ? SCHEDULER_STATE_COMMAND : 'false'), readStateOrError),
        whenTimedOut: undefined,
      },
    };
    const observation = async (limit: AbortSignal) => observe((await hostOf(node)).asRoot(), facts, limit, FACT_SECONDS);
    const {
      'peers?': peers,
      'scheduler?': scheduler,
      ...health
    } = (await limits.within(limitMs, observation)) as Record<string, unknown>;
    return {
      node,
      error: undefined,
      components: health as Record<string, Health>,
      peers: peers as readonly BgpPeer[],
      scheduler: scheduler as NodeAnswer['scheduler'],
    };
  } catch (error) {
    return {
      node,
      error: error instanceof Error ? error.message : String(error),
      hint: error instanceof Hw5Error ? error.hint : undefined,
      components: {},
      peers: [],
      scheduler: undefined,
    };
  }
}

function readStateOrError(document: unknown): NodeAnswer['scheduler'] {
  if (document === undefined) return undefined;
  try {
    return readState(document);
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
}
