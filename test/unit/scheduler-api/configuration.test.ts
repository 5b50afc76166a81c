import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/cluster/cluster.js';
import {frameworkConfig} from '../../../src/components/scheduler/configuration.js';
import {parseConfig} from '../../../src/framework/config.js';
import {Secret} from '../../../src/host/command.js';
import {fakeInputs} from '../../support/fake-inputs.js';
import {clusterOf} from '../components/situation.js';

/** The configuration as hw5 writes it, and as the scheduler on the node reads it. */
function passOn(cluster: Cluster, inputs = fakeInputs()) {
  const written = frameworkConfig(cluster.nodes[0]!, cluster, inputs);
  return {written: JSON.parse(written), read: parseConfig(written, 'framework.json')};
}

describe('the configuration that hw5 writes', () => {
  it.each<[string, string]>([
    ['the default tasks', ''],
    [
      'every option of a task',
      `framework: {tasks: [{name: web, image: nginx, address: 192.168.0.9, command: nginx, arguments: [-g, x], cpus: 0.1, mem: 64,
        healthCheck: {type: http, port: 80, path: /ok, graceSeconds: 7, intervalSeconds: 8, timeoutSeconds: 9, failures: 10},
        constraints: {node: node1, unique: true}}]}`,
    ],
    ['an external master', 'mesos: {principal: hw5, secretFile: /here/secret}'],
  ])('is read by the scheduler without loss, with %s', (_, more) => {
    const {written, read} = passOn(clusterOf(more), fakeInputs({mesosSecret: new Secret('geheim')}));
    expect(read).toMatchObject(written);
  });
});
