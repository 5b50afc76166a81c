import {type Cluster, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile} from '../../engine/action.js';
import {mapped, textFile} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {type Block, blockAround} from '../../support/block.js';
import {sha256} from '../../support/sha256.js';
import {template} from '../../support/template.js';
import {startedRecord} from '../calico/node.js';
import {defineComponent} from '../component.js';
import {fromDockerd} from '../docker/dockerd.js';
import {DATA} from '../places.js';
import {networkFact} from './docker-network.js';

/** The name of the container, and of the image that is made for it and removed with it. */
export const PROOF = 'hw5-network-proof';
/** Under which conditions a container has started: while they hold, it need not be proven again. */
const RECORD = `${DATA}/network-proof`;
/** Calico hands out the addresses of its pool in blocks of this size. A block belongs to the node that took its first address. */
const BLOCK_PREFIX = 26;
/** So many addresses are tried: containers of the user may have some of them. */
const ATTEMPTS = 8;

const containers = fromDockerd<readonly unknown[]>(
  `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify({name: [`^/${PROOF}$`]}))}`,
);
const images = fromDockerd<readonly {readonly RepoTags: readonly string[] | null}[]>('/images/json');

/**
 * Starts a container on the network and removes it, on one node after the other: what keeps the tasks from starting is reported with Docker's
 * error, and before the images are built. Its address is in the block of the tasks' addresses, which the first of these containers claims for its
 * node: tasks that start together on several nodes race for a block that belongs to none (`already claimed by …`), and one of them fails.
 */
export const networkProof = defineComponent({
  name: 'network-proof',
  title: 'proof that containers start on the network',
  needs: ['docker', 'calico', everywhere('network')],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  undoTargets: (cluster) => cluster.nodes,
  facts: ({cluster}) => ({
    network: networkFact(cluster.network.name),
    record: textFile(RECORD),
    // left by a run that was killed
    hasContainer: {...mapped(containers, (all) => (all ?? []).length > 0), whenTimedOut: false},
    hasImage: {
      ...mapped(images, (all) => (all ?? []).some(({RepoTags}) => RepoTags?.includes(`${PROOF}:latest`))),
      whenTimedOut: false,
    },
  }),
  plan(observed, {node, cluster, inputs, unreachable}) {
    const former = new Set(observed.record?.content.split('\n'));
    const conditions = [`network ${observed.network?.Id}`, `calico ${sha256(startedRecord(node, cluster, inputs))}`];
    const claimer = nodesWith(cluster, 'agent').find(({name}) => !unreachable.has(name));
    const blocks = blocksOf(cluster);
    const claims = node.name === claimer?.name ? blocks : [];
    const isProven = conditions.every((line) => former.has(line));
    const missing = isProven ? claims.filter((block) => !former.has(`block ${block}`)) : claims;
    if (isProven && missing.length === 0) return observed.hasContainer || observed.hasImage ? [remove(cluster)] : [];
    const used = missing.length > 0 ? missing : blocks.slice(0, 1);
    const record = [
      '# Made by hw5: a container has started on this network with this calico-node.',
      ...conditions,
      ...claims.map((block) => `block ${block}`),
    ];
    return [start(cluster, used), ...ensureFile(RECORD, `${record.join('\n')}\n`, observed.record)];
  },
  // so that each block is claimed once
  isRolling: () => true,
  undo: (observed, {cluster}) => [
    ...(observed.hasContainer || observed.hasImage ? [remove(cluster)] : []),
    ...(observed.record ? [{kind: 'remove', path: RECORD} as const] : []),
  ],
});

/** The blocks of the tasks' addresses. */
function blocksOf(cluster: Cluster): readonly Block[] {
  const all = cluster.framework.tasks.map(({address}) => blockAround(address, BLOCK_PREFIX));
  return [...new Map(all.map((block) => [block.toString(), block])).values()];
}

/** Addresses of the block that no task has, the last ones first: the tasks' are counted from below. */
function candidates(block: Block, cluster: Cluster): readonly string[] {
  const taken = new Set(cluster.framework.tasks.map(({address}) => address));
  const all = Array.from({length: block.size - 2}, (_, index) => block.nth(block.size - 2 - index)!);
  return all.filter((address) => !taken.has(address)).slice(0, ATTEMPTS);
}

function start(cluster: Cluster, blocks: readonly Block[]): Action {
  const lists = blocks.map((block) => candidates(block, cluster)).filter((list) => list.length > 0);
  const where = blocks.length > 0 ? ` in ${blocks.join(', then in ')}` : '';
  return {
    kind: 'script',
    title: `start a container on ${cluster.network.name}${where}, and remove it`,
    script: `${definitions(cluster)}prove ${(lists.length > 0 ? lists : [['']]).map((list) => quote(list.join(' '))).join(' ')}`,
    // dockerd retries for 15 s where a plugin does not answer
    timeoutMs: 180_000,
    hint: `the tasks would fail in the same way; see \`hw5 logs calico\`, and /var/log/calico on the node`,
  };
}

function remove(cluster: Cluster): Action {
  return {
    kind: 'script',
    title: 'remove the container of an interrupted proof',
    script: `${definitions(cluster)}remove`,
    timeoutMs: 60_000,
  };
}

function definitions(cluster: Cluster): string {
  return `NETWORK=${quote(cluster.network.name)} NAME=${PROOF}\n${template('network/proof.sh')}\n`;
}
