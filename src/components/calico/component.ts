import type {Component} from '../component.js';
import {calicoctl} from './calicoctl.js';
import {calicoNode} from './node.js';
import {pool} from './pool.js';

/** Calico: routes between the containers of all nodes. */
export const calico: readonly Component[] = [calicoctl, pool, calicoNode];
