import {nodesWith} from '../../cluster/cluster.js';
import {mapped} from '../../engine/facts.js';
import {everywhere, type FailedCheck} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {defineComponent} from '../component.js';
import {curlDockerd} from '../docker/dockerd.js';
import {scriptHealth} from '../health.js';
import {isCalico, NETWORKS, networkFact, subnetsOf} from './docker-network.js';
import {PROOF} from './proof.js';

/** The tasks use the network, so that it cannot be removed while the cluster is up. */
const UNDO_CHANGE = 'restore it, or take the cluster down with the old file first: `hw5 down`';

/** The Docker network: created once, on the first node; the others get it from the cluster store. */
export const network = defineComponent({
  name: 'network',
  title: 'Docker network',
  needs: [everywhere('calico')],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  health: ({network: {name}}) =>
    scriptHealth(`docker network inspect -f '{{.Driver}}' ${quote(name)} | grep -x calico`, `no network ${name}`, () => name),
  facts: ({cluster}) => ({
    network: networkFact(cluster.network.name),
    others: mapped(NETWORKS, (all) => all?.filter(({Name}) => Name !== cluster.network.name) ?? []),
  }),
  check(observed, {cluster}): readonly FailedCheck[] {
    const {name, subnet} = cluster.network;
    if (!observed.network) {
      const former = observed.others.find((other) => isCalico(other) && subnetsOf(other).includes(subnet.toString()));
      return former
        ? [
            {
              message: `the network with the subnet ${subnet} is ${former.Name}, not ${name}: network.name has changed`,
              hint: UNDO_CHANGE,
            },
          ]
        : [];
    }
    const subnets = subnetsOf(observed.network);
    if (isCalico(observed.network) && subnets.includes(subnet.toString())) return [];
    return [
      {
        message: `the network ${name} exists already, with driver ${observed.network.Driver} and subnet ${subnets.join(', ')}, not calico and ${subnet}`,
        hint: isCalico(observed.network)
          ? UNDO_CHANGE
          : `remove it (\`docker network rm ${name}\`) or choose another name with network.name`,
      },
    ];
  },
  plan(observed, {node, cluster}) {
    const [first] = nodesWith(cluster, 'agent');
    if (observed.network || node.name !== first!.name) return [];
    const {name, subnet} = cluster.network;
    return [
      {
        kind: 'run',
        title: 'create the network',
        argv: ['docker', 'network', 'create', '--driver', 'calico', '--ipam-driver', 'calico-ipam', `--subnet=${subnet}`, name],
        hint: 'does the plugin run? /run/docker/plugins/calico.sock must exist',
      },
    ];
  },
  ready: ({cluster}) => ({
    reason: `the network ${cluster.network.name}`,
    limitSeconds: 30,
    script: `${curlDockerd(`/networks/${cluster.network.name}`)} | grep -q '"Driver":"calico-ipam"'`,
    hint: 'do all dockerds use the same cluster store? `docker info` shows it',
  }),
  undo(observed, {node, cluster}) {
    const [first] = nodesWith(cluster, 'agent');
    if (node.name !== first!.name || !observed.network || !isCalico(observed.network)) return [];
    const name = quote(cluster.network.name);
    return [
      {
        kind: 'script',
        title: `docker network rm ${cluster.network.name}`,
        // stale endpoints of hw5's tasks prevent the removal and are disconnected; containers of the user are not
        script: `for c in $(docker network inspect -f '{{range .Containers}}{{.Name}} {{end}}' ${name}); do case $c in mesos-*|ep-*|${PROOF}) docker network disconnect -f ${name} "$c" || true;; esac; done
docker network rm ${name}`,
        hint: 'containers that hw5 did not make may still use it',
      },
    ];
  },
});
