import {masterAddress} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import {everywhere} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {renderUnit} from '../unit-file.js';
import {agentHealth, isRegistered} from './registration.js';
import {mesosService, unitOf, workDirectory} from './service.js';

const DIRECTORY = workDirectory('mesos-agent');
/** Its tasks need it while the agent restarts. */
const RUNTIME_DIRECTORY = '/run/hw5-mesos-agent';
/** The agent's checkpointed identity. Without it, the agent starts with a new id and without its old tasks. */
const LATEST = `${DIRECTORY}/meta/slaves/latest`;

/** More than the 75 s that an upstream agent needs to notice that its master was restarted. */
const RETURN_SECONDS = 100;

/**
 * What the agent needs in a container, instead of --privileged: mounts and namespaces of its tasks, their processes and signals, and `ss` for
 * their network. The system calls for that are blocked by Docker's default profiles.
 */
const CAPABILITIES = ['SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE', 'SYS_CHROOT', 'KILL'];

/** How many terminated containers of tasks and executors remain when an agent starts. */
const KEPT_CONTAINERS = 40;

/**
 * An agent removes terminated containers six hours later, but an upstream agent forgets that when it restarts: those of tasks and, when it runs
 * out of an image, of executors would accumulate for ever. The newest remain for `task logs` and `why`.
 */
const REMOVE_OLD_CONTAINERS = `ExecStartPre=-/bin/sh -c 'timeout 30 docker ps -aq --filter name=^/mesos- --filter status=exited --filter status=dead --filter status=created | tail -n +${KEPT_CONTAINERS + 1} | xargs -r timeout 60 docker rm -v'
`;

/** Removes the containers that Mesos has started and that no TEARDOWN has reached. */
const removeContainers: Action = {
  kind: 'script',
  title: "remove the tasks' containers",
  script: `command -v docker >/dev/null || exit 0
ids=$(docker ps -aq --filter name='^/mesos-') || exit 1
# shellcheck disable=SC2086 # one argument per id
[ -z "$ids" ] || docker rm -f $ids`,
  timeoutMs: 120_000,
  hint: 'dockerd has to run there for this: `systemctl restart docker`, then the same command again',
};

/**
 * The Mesos agents. In a container the agent uses the host's dockerd, processes and network, with the docker client of its image. Its
 * executors get containers of their own (`--docker_mesos_image`), because they must outlive the agent's.
 */
export const mesosAgent = mesosService({
  name: 'mesos-agent',
  title: 'Mesos agents',
  purpose: 'the Mesos agent',
  role: 'agent',
  needs: ['docker', everywhere('mesos-master')],
  port: (cluster) => cluster.mesos.agentPort,
  unitText: (node, cluster, {prepare, command, options, exits}) =>
    renderUnit('mesos/hw5-mesos-agent.service', {
      cluster: cluster.name,
      name: node.name,
      address: node.address,
      port: cluster.mesos.agentPort,
      master: masterAddress(cluster),
      workDir: DIRECTORY,
      runtimeDir: RUNTIME_DIRECTORY,
      prepare,
      command,
      exits,
      options: `${cluster.mesos.resources ? ` --resources=${quote(cluster.mesos.resources)}` : ''}${options}`,
    }),
  directories: [RUNTIME_DIRECTORY],
  containerOptions: [
    '--pid=host',
    ...CAPABILITIES.map((name) => `--cap-add=${name}`),
    '--security-opt seccomp=unconfined',
    '--security-opt apparmor=unconfined',
    ...[DIRECTORY, RUNTIME_DIRECTORY, '/var/run/docker.sock', '/sys/fs/cgroup'].map((path) => `-v ${path}:${path}`),
  ],
  imageOptions: (image) => ` --docker_mesos_image=${image}`,
  beforeStart: REMOVE_OLD_CONTAINERS,
  // with a checkpoint of another identity the agent exits with "Incompatible agent info detected"; its tasks end with its old identity
  beforeChange: (before, after) =>
    identityOf(before) === identityOf(after) ? [] : [removeContainers, {kind: 'remove', path: LATEST}],
  afterStop: [removeContainers],
  health: (node, cluster) => agentHealth(unitOf('mesos-agent'), node, cluster, LATEST),
  ready: (node, cluster) => ({
    reason: 'mesos-agent to register with the Mesos master',
    limitSeconds: RETURN_SECONDS,
    script: isRegistered(node, cluster, LATEST),
  }),
  // another size of the machine is not visible in the unit
  readyHint: `; if it contains "Incompatible agent info detected", the machine's size has changed: \`rm -f ${LATEST}\` on the node, which ends its tasks`,
});

/** The options that an agent may not change while it has a checkpoint. */
function identityOf(unitText: string): string {
  return [...unitText.matchAll(/ --(?:ip|hostname|port|resources)=(?:'[^']*'|\S+)/g)].map(([option]) => option).join('');
}
