import {stringify} from 'yaml';
import {LAB_USER, type Lab} from './lab.js';
import type {ClusterSources} from './preinstalled.js';

/**
 * The lab's cluster YAML: the same as for real servers. Pure.
 * @param baseTar a bare Debian for the images @param sources the images that the machines have been given
 */
export function clusterYaml(lab: Lab, baseTar: string, {nodeImage, mesosImage}: ClusterSources = {}): string {
  const cluster = {
    name: lab.name,
    ssh: {user: LAB_USER, key: lab.files.key, knownHosts: lab.files.knownHosts},
    nodes: lab.machines.map((machine) => ({
      name: machine.name,
      address: machine.address,
      ...(lab.sudoPassword.includes(machine.name) ? {ssh: {sudoPasswordFile: machine.sudoPasswordFile}} : {}),
    })),
    calico: {calicoctl: {path: lab.files.calicoctl}, ...(nodeImage === undefined ? {} : {nodeImage})},
    ...(mesosImage === undefined ? {} : {mesos: {source: {image: mesosImage}}}),
    images: {base: {import: baseTar}},
  };
  return `# Written by \`hw5 lab up\`: the machines of the lab "${lab.name}".\n${stringify(cluster, {lineWidth: 0})}`;
}
