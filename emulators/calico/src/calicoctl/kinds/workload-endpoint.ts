import {endpointKey} from '../../model/keys.js';
import type {Endpoint} from '../../model/types.js';
import {matches, type Resource, type ResourceKind} from './kind.js';

const ONE = ['NODE', 'ORCHESTRATOR', 'WORKLOAD', 'NAME'];

/** Created by the libnetwork plugin only; calicoctl shows and deletes them. */
export const workloadEndpointKind: ResourceKind = {
  kind: 'workloadEndpoint',
  names: ['workloadendpoint', 'workloadendpoints', 'wep', 'weps'],
  nameField: 'name',
  headings: {narrow: ONE, wide: [...ONE, 'NETWORKS', 'NATS', 'INTERFACE', 'PROFILES']},
  identify: ({node, orchestrator, workload, name}) =>
    `WorkloadEndpoint(node=${node}, orchestrator=${orchestrator}, workload=${workload}, name=${name})`,
  list: (snapshot, filter) => snapshot.endpoints.map(toResource).filter((endpoint) => matches(endpoint.metadata, filter)),
  cells: ({metadata, spec}) => ({
    NODE: String(metadata.node),
    ORCHESTRATOR: String(metadata.orchestrator),
    WORKLOAD: String(metadata.workload),
    NAME: String(metadata.name),
    NETWORKS: (spec.ipNetworks as string[]).join(','),
    NATS: '',
    INTERFACE: String(spec.interfaceName),
    PROFILES: (spec.profiles as string[]).join(','),
  }),
  check() {
    throw new Error("workload endpoints are created by Docker: the lab's Calico emulator does not write them");
  },
  write: () => Promise.reject(new Error('workload endpoints are created by Docker')),
  async remove(etcd, {node, name}) {
    if (!node || !name) throw new Error('a workload endpoint is identified by --node and its name');
    await etcd.delete(endpointKey(String(node), String(name)));
  },
};

function toResource(endpoint: Endpoint): Resource {
  return {
    apiVersion: 'v1',
    kind: 'workloadEndpoint',
    metadata: {name: endpoint.id, node: endpoint.node, orchestrator: 'libnetwork', workload: 'libnetwork'},
    spec: {interfaceName: endpoint.interfaceName, ipNetworks: endpoint.nets, mac: endpoint.mac, profiles: endpoint.profiles},
  };
}
