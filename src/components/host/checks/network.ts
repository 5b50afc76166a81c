import type {FailedCheck} from '../../../engine/step.js';
import {type Block, parseIpv4Block} from '../../../support/block.js';
import type {PreflightContext, PreflightFacts} from './observed.js';

export function checkNetwork(
  observed: PreflightFacts,
  {node, subnet, isContainerHost}: PreflightContext,
): readonly FailedCheck[] {
  const failed: FailedCheck[] = [];
  if (!new RegExp(`\\b${node.address.replaceAll('.', '\\.')}/`).test(observed.addresses ?? '')) {
    failed.push({
      message: `no interface has the address ${node.address}`,
      hint: 'the services listen on nodes[].address; ssh.host may be another address for SSH',
    });
  }
  if (isContainerHost && observed.gateway === undefined) {
    failed.push({
      message: 'no route covers 169.254.1.1',
      hint: 'containers use it as their gateway: a default route is enough',
    });
  }
  const overlapping = foreignNetworks(observed).find((network) => network.overlaps(subnet));
  if (overlapping) {
    failed.push({
      message: `its network ${overlapping} overlaps the containers' pool ${subnet}`,
      hint: 'choose another pool with network.subnet',
    });
  }
  return failed;
}

/** Networks to which the host has routes, except for Calico's. */
function foreignNetworks(observed: PreflightFacts): readonly Block[] {
  return (observed.routes ?? '')
    .split('\n')
    .filter((line) => !/proto bird|dev cali|^blackhole|^default/.test(line))
    .flatMap((line) => {
      const destination = line.split(' ')[0] ?? '';
      const network = parseIpv4Block(destination.includes('/') ? destination : `${destination}/32`);
      return network ? [network] : [];
    });
}
