import {prepareCluster} from './cluster.js';

/** A program that lab-setup.ts starts, so that the clusters are made while the tests run that need none. */
await prepareCluster();
