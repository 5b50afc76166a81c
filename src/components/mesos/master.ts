import {type Cluster, type ClusterNode, isOnContainerNetwork} from '../../cluster/cluster.js';
import {unitHealth} from '../health.js';
import {renderUnit} from '../unit-file.js';
import {imageOf} from './image.js';
import {mesosService, unitOf, workDirectory} from './service.js';

const DIRECTORY = workDirectory('mesos-master');

/** The Mesos master. In a container it needs nothing of the host but the network and its data. */
export const mesosMaster = mesosService({
  name: 'mesos-master',
  title: 'Mesos master',
  purpose: 'the Mesos master',
  role: 'master',
  needs: needsOf,
  port: (cluster) => cluster.mesos.masterPort,
  unitText: (node, cluster, {prepare, command, exits}) =>
    renderUnit('mesos/hw5-mesos-master.service', {
      cluster: cluster.name,
      address: node.address,
      port: cluster.mesos.masterPort,
      workDir: DIRECTORY,
      prepare,
      command,
      exits,
    }),
  directories: [],
  // without --init it is PID 1, whose signals have no default action: it would ignore SIGTERM, and systemd kill it after 90 s
  containerOptions: ['--init', `-v ${DIRECTORY}:${DIRECTORY}`],
  imageOptions: () => '',
  beforeStart: '',
  beforeChange: () => [],
  afterStop: [],
  health: ({address}, {mesos: {masterPort}}) =>
    unitHealth(unitOf('mesos-master'), `curl -sf -m 5 http://${address}:${masterPort}/health && echo answers`, 'does not answer'),
  ready: ({address}, {mesos: {masterPort}}) => ({
    reason: 'mesos-master to answer',
    limitSeconds: 60,
    script: `curl -sf -m 5 -o /dev/null http://${address}:${masterPort}/version || { echo no answer on port ${masterPort}; exit 1; }`,
  }),
  readyHint: '',
});

/** An image needs dockerd: where hw5 configures dockerd, that has to be done first; elsewhere the package is enough. */
function needsOf(node: ClusterNode, cluster: Cluster): readonly string[] {
  return imageOf(cluster) !== undefined && isOnContainerNetwork(node) ? ['packages', 'docker'] : ['packages'];
}
