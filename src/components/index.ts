import {calico, calicoctl, pool} from './calico/component.js';
import type {Component} from './component.js';
import {docker} from './docker/component.js';
import {etcd} from './etcd/component.js';
import {firewall} from './firewall/component.js';
import {folders} from './host/folders.js';
import {kernel} from './host/kernel.js';
import {packages} from './host/packages.js';
import {withPreflight} from './host/preflight.js';
import {build, images} from './images/component.js';
import {mesosAgent, mesosMaster} from './mesos/component.js';
import {network} from './network/component.js';
import {proxy} from './proxy/component.js';
import {framework, scheduler} from './scheduler/component.js';
import {secrets} from './secrets/component.js';

/** All components, in the order of `hw5 up`; `hw5 down` removes them in reverse. */
export const COMPONENTS: readonly Component[] = withPreflight([
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
]);
