import type {Step} from '../step/step.js';
import {calico, calicoctl, pool} from './calico.js';
import {docker} from './docker.js';
import {etcd} from './etcd.js';
import {firewall} from './firewall.js';
import {folders} from './folders.js';
import {framework, scheduler} from './framework.js';
import {build, images} from './images.js';
import {kernel} from './kernel.js';
import {mesosAgent, mesosMaster} from './mesos.js';
import {network} from './network.js';
import {packages} from './packages.js';
import {preflight} from './preflight.js';
import {proxy} from './proxy.js';
import {secrets} from './secrets.js';

/** The story of `hw5 up`, in order; `hw5 down` tells it backwards. */
export const STEPS: readonly Step[] = [
  preflight,
  folders,
  kernel,
  packages,
  secrets,
  etcd,
  docker,
  calicoctl,
  pool,
  calico,
  network,
  build,
  images,
  mesosMaster,
  mesosAgent,
  proxy,
  scheduler,
  framework,
  firewall,
];
