import type {FailedCheck} from '../../../engine/step.js';
import type {PreflightContext, PreflightFacts} from './observed.js';

/** hw5's bundled programs are built for it. */
const NODE_MAJOR = 18;
/** The framework uses etcd's JSON gateway at /v3, which etcd has since 3.4. */
const ETCD_HINT =
  "hw5 needs etcd 3.4 or newer: make such an etcd-server and etcd-client available to apt, as Debian 12's, and run `apt-get update`";

/** Each program's version: the installed one, or the one that apt would install. */
export function checkVersions(observed: PreflightFacts, context: PreflightContext): readonly FailedCheck[] {
  return [
    ...(context.isContainerHost ? [...docker(observed), ...swarm(observed)] : []),
    ...(context.isEtcdMember ? etcd(observed) : []),
    ...(context.needsNode ? node(observed) : []),
  ];
}

function docker(observed: PreflightFacts): readonly FailedCheck[] {
  const [, major, minor] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(observed.docker ?? '') ?? [];
  if (major === undefined) {
    return [
      {
        message: 'apt knows no package docker.io',
        hint: 'run `apt-get update`, and enable the universe component on Ubuntu',
      },
    ];
  }
  if (Number(major) <= 20) return [];
  return [
    {
      message: `Docker ${major}.${minor} has no --cluster-store any more (removed in Docker 23)`,
      hint: "install Docker 20.10, e.g. Debian 12's docker.io: `apt-get install docker.io`",
    },
  ];
}

function swarm(observed: PreflightFacts): readonly FailedCheck[] {
  if ((observed.swarm || 'inactive') === 'inactive') return [];
  return [
    {
      message: `its Docker is in swarm mode (${observed.swarm}), in which dockerd does not start with --cluster-store`,
      hint: '`docker swarm leave` (with --force on a manager) ends that, and the services of the swarm; else choose another host',
    },
  ];
}

function etcd(observed: PreflightFacts): readonly FailedCheck[] {
  const [, major, minor] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(observed.etcd ?? '') ?? [];
  if (major === undefined) return [{message: 'apt knows no package etcd-server', hint: ETCD_HINT}];
  if (Number(major) * 1000 + Number(minor) >= 3004) return [];
  return [{message: `etcd here is ${major}.${minor}, whose JSON gateway the framework does not support`, hint: ETCD_HINT}];
}

function node(observed: PreflightFacts): readonly FailedCheck[] {
  const [, major] = /^v(?:\d+:)?(\d+)/.exec(observed.node ?? '') ?? [];
  if (major !== undefined && Number(major) >= NODE_MAJOR) return [];
  return [
    {
      message: major === undefined ? 'apt knows no package nodejs' : `Node.js here is ${major}`,
      hint: `the proxy and the framework need Node.js ${NODE_MAJOR} or newer on the node; Debian 12's nodejs is new enough`,
    },
  ];
}
