import {type Cluster, nodesWith} from '../../cluster/cluster.js';
import {ensureFile, ensureSecret} from '../../engine/action.js';
import {exists, secretFile, textFile} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {knownHosts, sshConfig, tasksJson} from '../images/container-files.js';
import {ETC} from '../places.js';

/** Mounted into the tasks' containers at /run/hw5. Only root can read these directories. */
export const CONTAINERS = `${ETC}/containers`;
const JUPYTER = `${CONTAINERS}/jupyter`;
/** Jupyter's token on every node that may run it. */
export const JUPYTER_TOKEN = `${JUPYTER}/token`;
const SSH = `${CONTAINERS}/ssh`;

/**
 * The token, the keys and the names that the containers need, the same on every node that may run one. Those of a node that has them are
 * preferred to generated ones, so that a new node gets the cluster's secrets.
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
    const generated = inputs.secrets;
    const known = all.find((node) => node.clientKey && node.authorizedKeys && node.hostKey && node.knownHosts);
    const token = inputs.chosenToken ?? all.find((node) => node.token)?.token?.content ?? generated.token;
    const keys = known
      ? {
          client: known.clientKey!.content,
          authorized: known.authorizedKeys!.content,
          host: known.hostKey!.content,
          knownHosts: known.knownHosts!.content,
        }
      : {
          client: generated.clientKey.private,
          authorized: generated.clientKey.public,
          host: generated.hostKey.private,
          knownHosts: knownHosts(generated.hostKey.public),
        };
    return [
      ...(observed.isThere
        ? []
        : [
            {
              kind: 'run',
              title: 'make the directories',
              argv: ['install', '-d', '-m', '0700', CONTAINERS, JUPYTER, SSH],
            } as const,
          ]),
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

/** The tasks that Jupyter's terminal and notebook reach by name. Tasks of other images need not run an sshd. */
function sshTasks(cluster: Cluster): Cluster['framework']['tasks'] {
  return cluster.framework.tasks.filter((task) => task.image === 'ssh');
}
