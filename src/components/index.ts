import {calico} from './calico/component.js';
import type {Component} from './component.js';
import {docker} from './docker/component.js';
import {linkLocal} from './docker/link-local.js';
import {etcd} from './etcd/component.js';
import {firewall} from './firewall/component.js';
import {withHost} from './host/component.js';
import {images} from './images/component.js';
import {mesos} from './mesos/component.js';
import {network} from './network/component.js';
import {networkProof} from './network/proof.js';
import {proxy} from './proxy/component.js';
import {framework, scheduler} from './scheduler/component.js';
import {secrets} from './secrets/component.js';

/** What runs on the hosts, in the order of `hw5 up`; `hw5 down` removes it in reverse. A new component is added here, and only here. */
export const SYSTEMS: readonly Component[] = [
  secrets,
  etcd,
  linkLocal,
  docker,
  calico,
  network,
  networkProof,
  images,
  mesos,
  proxy,
  [scheduler, framework],
  firewall,
].flat();

/** All components. */
export const COMPONENTS: readonly Component[] = withHost(SYSTEMS);
