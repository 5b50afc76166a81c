import {
  type Cluster,
  type ClusterNode,
  etcdEndpoints,
  masterAddress,
  nodesWith,
  type TaskSettings,
} from '../../cluster/cluster.js';
import type {Inputs} from '../../engine/inputs.js';
import type {SchedulerConfigurationInput} from '../../scheduler-api/configuration.js';
import {SOCKET} from '../../scheduler-api/endpoints.js';
import type {TaskSpecInput} from '../../scheduler-api/task.js';
import {API_VERSION} from '../../scheduler-api/version.js';
import {ETC} from '../places.js';
import {CONTAINERS} from '../secrets/component.js';

/** The file with the secret for Mesos, on the node. */
export const SECRET = `${ETC}/mesos-secret`;

/** A task in the scheduler's configuration. */
function taskConfig(task: TaskSettings, cluster: Cluster, inputs: Inputs): TaskSpecInput {
  const built = inputs.images.specs.find((spec) => spec.name === `docker-${task.image}`);
  return {
    name: task.name,
    image: built?.tag ?? task.image,
    network: cluster.network.name,
    address: task.address,
    cpus: task.cpus,
    mem: task.mem,
    command: task.command,
    arguments: [...task.arguments],
    env: {},
    hostname: task.name,
    volumes: built ? [{host: `${CONTAINERS}/${task.image}`, container: '/run/hw5', mode: 'ro'}] : [],
    healthCheck: task.healthCheck,
    constraints: task.constraints,
  };
}

/** The content of the configuration file of the scheduler on a node. */
export function frameworkConfig(node: ClusterNode, cluster: Cluster, inputs: Inputs): string {
  const config: SchedulerConfigurationInput = {
    apiVersion: API_VERSION,
    node: node.name,
    master: masterAddress(cluster),
    name: cluster.framework.name,
    user: 'root',
    role: cluster.framework.role,
    failoverTimeoutSeconds: cluster.framework.failoverTimeoutSeconds,
    etcd: [...etcdEndpoints(cluster)],
    clusterToken: cluster.etcd.token,
    listen: SOCKET,
    ...(cluster.mesos.principal ? {principal: cluster.mesos.principal, secretFile: SECRET} : {}),
    agents: nodesWith(cluster, 'agent').map(({name, address}) => ({name, address})),
    tasks: cluster.framework.tasks.map((task) => taskConfig(task, cluster, inputs)),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
