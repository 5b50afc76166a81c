import type {Component} from '../component.js';
import {mesosAgent} from './agent.js';
import {mesosMaster} from './master.js';

/** Mesos: a master, and an agent on each node that runs tasks. */
export const mesos: readonly Component[] = [mesosMaster, mesosAgent];
