import {stringify} from 'yaml';
import {LAB_USER, type Lab} from './lab.js';

/** The lab's cluster YAML: the same as for real servers. Pure. @param baseTar a bare Debian for the images */
export function clusterYaml(lab: Lab, baseTar: string): string {
  const cluster = {
    name: lab.name,
    ssh: {user: LAB_USER, key: lab.files.key, knownHosts: lab.files.knownHosts},
    nodes: lab.machines.map((machine) => ({
      name: machine.name,
      address: machine.address,
      ...(lab.sudoPassword.includes(machine.name) ? {ssh: {sudoPasswordFile: machine.sudoPasswordFile}} : {}),
    })),
    calico: {calicoctl: {path: lab.files.calicoctl}},
    images: {base: {import: baseTar}},
  };
  return `# Written by \`hw5 lab up\`: the machines of the lab "${lab.name}".\n${stringify(cluster, {lineWidth: 0})}`;
}
