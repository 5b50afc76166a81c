import {type Cluster, nodesWith} from '../../cluster/cluster.js';
import {ensureFile, ensureSecret} from '../../engine/action.js';
import {exists, secretFile, textFile} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {knownHosts, sshConfig, tasksJson} from '../images/container-files.js';
import {ETC} from '../places.js';

/** What the tasks' containers see at /run/hw5. Only root can look into these folders. */
export const CONTAINERS = `${ETC}/containers`;
const JUPYTER = `${CONTAINERS}/jupyter`;
/** Jupyter's token on every node that may run it. */
export const JUPYTER_TOKEN = `${JUPYTER}/token`;
const SSH = `${CONTAINERS}/ssh`;

/** The ssh tasks: those that Jupyter's terminal reaches by name, and its notebook runs commands on. Another image need not have an sshd. */
const sshTasks = (cluster: Cluster): Cluster['framework']['tasks'] =>
  cluster.framework.tasks.filter((task) => task.image === 'ssh');

/**
 * The token, the keys and the names that the containers need, the same on every node that may run one. What any node already has wins over
 * fresh values, so that a new node joins with the cluster's own secrets.
 */
export const secrets = defineComponent({
  name: 'secrets',
  title: 'token and keys of the containers',
  needs: ['directories'],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  undoTargets: (cluster) => cluster.nodes,
  facts: () => ({
    token: secretFile(JUPYTER_TOKEN),
    clientKey: secretFile(`${JUPYTER}/id_ed25519`),
    sshConfig: textFile(`${JUPYTER}/ssh_config`),
    knownHosts: textFile(`${JUPYTER}/known_hosts`),
    tasks: textFile(`${JUPYTER}/tasks.json`),
    authorizedKeys: textFile(`${SSH}/authorized_keys`),
    hostKey: secretFile(`${SSH}/ssh_host_ed25519_key`),
    isThere: exists(CONTAINERS),
  }),
  plan(observed, {cluster, inputs, allObserved}) {
    const all = [...allObserved.values()];
    const fresh = inputs.secrets;
    const known = all.find((node) => node.clientKey && node.authorizedKeys && node.hostKey && node.knownHosts);
    const token = inputs.chosenToken ?? all.find((node) => node.token)?.token?.content ?? fresh.token;
    const keys = known
      ? {
          client: known.clientKey!.content,
          authorized: known.authorizedKeys!.content,
          host: known.hostKey!.content,
          knownHosts: known.knownHosts!.content,
        }
      : {
          client: fresh.clientKey.private,
          authorized: fresh.clientKey.public,
          host: fresh.hostKey.private,
          knownHosts: knownHosts(fresh.hostKey.public),
        };
    return [
      ...(observed.isThere
        ? []
        : [{kind: 'run', title: 'make the folders', argv: ['install', '-d', '-m', '0700', CONTAINERS, JUPYTER, SSH]} as const]),
      ...ensureSecret(JUPYTER_TOKEN, token, observed.token),
      ...ensureSecret(`${JUPYTER}/id_ed25519`, keys.client, observed.clientKey),
      ...ensureFile(`${JUPYTER}/ssh_config`, sshConfig(sshTasks(cluster), cluster.images.user), observed.sshConfig),
      ...ensureFile(`${JUPYTER}/known_hosts`, keys.knownHosts, observed.knownHosts),
      ...ensureFile(`${JUPYTER}/tasks.json`, tasksJson(sshTasks(cluster)), observed.tasks),
      ...ensureFile(`${SSH}/authorized_keys`, keys.authorized, observed.authorizedKeys),
      ...ensureSecret(`${SSH}/ssh_host_ed25519_key`, keys.host, observed.hostKey),
    ];
  },
  undo: (observed) => (observed.isThere ? [{kind: 'remove', path: CONTAINERS}] : []),
});
