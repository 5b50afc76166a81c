import {nodesWith} from '../../cluster/cluster.js';
import {mapped} from '../../engine/facts.js';
import {everywhere, type FailedCheck} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {defineComponent} from '../component.js';
import {askDockerd, fromDockerd} from '../docker/dockerd.js';
import {scriptHealth} from '../health.js';

interface DockerNetwork {
  readonly Name: string;
  readonly Driver: string;
  readonly IPAM: {readonly Driver: string; readonly Config: readonly {readonly Subnet: string}[]};
}

const NETWORKS = fromDockerd<readonly DockerNetwork[]>('/networks');

/** Made by Calico's drivers: by hw5, or by somebody else for the same purpose. One of other drivers is a stranger's. */
const isCalico = ({Driver, IPAM}: DockerNetwork): boolean => Driver === 'calico' && IPAM.Driver === 'calico-ipam';
const subnetsOf = ({IPAM}: DockerNetwork): string[] => IPAM.Config.map(({Subnet}) => Subnet);

/** Tasks use the network, so that nobody can remove it while the cluster is up. */
const PUT_BACK = 'put it back, or take the cluster down with the old file first: `hw5 down`';

/** The Docker network: made once, on the first node; the cluster store shows it to the others. */
export const network = defineComponent({
  name: 'network',
  title: 'Docker network',
  needs: [everywhere('calico')],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  health: ({network: {name}}) =>
    scriptHealth(`docker network inspect -f '{{.Driver}}' ${quote(name)} | grep -x calico`, `no network ${name}`, () => name),
  facts: ({cluster}) => ({
    network: mapped(NETWORKS, (all) => all?.find(({Name}) => Name === cluster.network.name)),
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
              hint: PUT_BACK,
            },
          ]
        : [];
    }
    const subnets = subnetsOf(observed.network);
    if (isCalico(observed.network) && subnets.includes(subnet.toString())) return [];
    return [
      {
        message: `the network ${name} is there already, with driver ${observed.network.Driver} and subnet ${subnets.join(', ')}, not calico and ${subnet}`,
        hint: isCalico(observed.network)
          ? PUT_BACK
          : `remove it (\`docker network rm ${name}\`) or give ours another name with network.name`,
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
        hint: 'does the plugin run? /run/docker/plugins/calico.sock must be there',
      },
    ];
  },
  ready: ({cluster}) => ({
    reason: `the network ${cluster.network.name}`,
    limitSeconds: 30,
    script: `${askDockerd(`/networks/${cluster.network.name}`)} | grep -q '"Driver":"calico-ipam"'`,
    hint: 'do all dockerds use the same cluster store? `docker info` tells',
  }),
  undo(observed, {node, cluster}) {
    const [first] = nodesWith(cluster, 'agent');
    if (node.name !== first!.name || !observed.network || !isCalico(observed.network)) return [];
    const name = quote(cluster.network.name);
    return [
      {
        kind: 'script',
        title: `docker network rm ${cluster.network.name}`,
        // endpoints that our tasks left behind hold the network back; the user's own containers may
        script: `for c in $(docker network inspect -f '{{range .Containers}}{{.Name}} {{end}}' ${name}); do case $c in mesos-*|ep-*) docker network disconnect -f ${name} "$c" || true;; esac; done
docker network rm ${name}`,
        hint: 'containers that hw5 did not make may still use it',
      },
    ];
  },
});
