import type {Cluster} from '../cluster/cluster.js';
import type {Fact} from '../engine/fact.js';
import {quote} from '../host/command.js';
import {type Address, parseIpv4} from '../support/address.js';

/** A running container that other hosts can reach by its own address. */
export interface RunningContainer {
  readonly name: string;
  readonly pid: number;
  readonly address: Address;
}

/** A TCP port at which a process listens, and on which address: `*` is all addresses of both families. */
export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** What has to be known of a node to choose probes for it. */
export interface NodeServices {
  readonly listeners: readonly Listener[];
  readonly containers: readonly RunningContainer[];
}

/** TCP listeners of the node. */
export const listeners: Fact<readonly Listener[]> = {
  script: 'ss -Hltn',
  parse: ({stdout}) =>
    stdout.split('\n').flatMap((line) => {
      const [, host, port] = /^\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s/.exec(line) ?? [];
      return host === undefined ? [] : [{address: host.replace(/%.*$/, '').replace(/^\[(.*)\]$/, '$1'), port: Number(port)}];
    }),
};

/** Whether a process listens at this address and port. */
export function isListening({listeners: all}: NodeServices, address: Address, port: number): boolean {
  const everywhere = address.includes(':') ? '::' : '0.0.0.0';
  return all.some((one) => one.port === port && ['*', everywhere, address].includes(one.address));
}

/** Containers with an address in the cluster's network. */
export function containers(cluster: Cluster): Fact<readonly RunningContainer[]> {
  const format = '{{.State.Pid}} {{.Name}}{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}';
  return {
    // dockerd hangs: no probes from containers
    whenTimedOut: [],
    script: `docker ps -q | xargs -r docker inspect -f ${quote(format)}`,
    parse: ({stdout}) =>
      stdout.split('\n').flatMap((line) => {
        const [pid, name = '', ...addresses] = line.trim().split(/\s+/);
        const address = addresses.flatMap((text) => parseIpv4(text) ?? []).find((one) => cluster.network.subnet.contains(one));
        // Mesos names its containers by random ids
        const task = cluster.framework.tasks.find((one) => one.address === address)?.name;
        return Number(pid) > 0 && address ? [{pid: Number(pid), name: task ?? name.replace(/^\//, ''), address}] : [];
      }),
  };
}

/** The hardware address with which packets of another host arrive here; undefined when there is a router in between. */
export function neighbour(address: Address): Fact<string | undefined> {
  const one = quote(address);
  return {
    script: `ip route get ${one} | grep -q ' via ' && exit 1; ping -n -c 1 -W 1 ${one} >/dev/null; ip neigh show to ${one}`,
    parse: ({stdout, code}) => (code === 0 ? /lladdr (\S+)/.exec(stdout)?.[1]?.toLowerCase() : undefined),
  };
}
