import type {Fact} from '../../engine/fact.js';
import {mapped} from '../../engine/facts.js';
import {fromDockerd} from '../docker/dockerd.js';

/** A network as dockerd describes it. */
export interface DockerNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly IPAM: {readonly Driver: string; readonly Config: readonly {readonly Subnet: string}[]};
}

export const NETWORKS = fromDockerd<readonly DockerNetwork[]>('/networks');

/** The network of this name. */
export function networkFact(name: string): Fact<DockerNetwork | undefined> {
  return mapped(NETWORKS, (all) => all?.find(({Name}) => Name === name));
}

/** Whether Calico's drivers made it: hw5, or a user for the same purpose. A network with other drivers is foreign. */
export function isCalico({Driver, IPAM}: DockerNetwork): boolean {
  return Driver === 'calico' && IPAM.Driver === 'calico-ipam';
}

export function subnetsOf({IPAM}: DockerNetwork): readonly string[] {
  return IPAM.Config.map(({Subnet}) => Subnet);
}
