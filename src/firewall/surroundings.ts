import type {Cluster} from '../cluster/cluster.js';
import {quote} from '../host/command.js';
import type {Fact} from '../step/fact.js';
import {contains, parseCidr, parseIpv4} from '../support/ipv4.js';

/** A running container that other hosts can reach by its own address. */
export interface RunningContainer {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
}

/** What has to be known of a node to choose probes for it. */
export interface Surroundings {
  /** TCP ports with a listener on all addresses or on the node's own. */
  readonly listening: readonly number[];
  readonly containers: readonly RunningContainer[];
}

/** TCP listeners of the node. */
export function listening(address: string): Fact<readonly number[]> {
  return {
    script: 'ss -Hltn',
    parse: ({stdout}) =>
      stdout.split('\n').flatMap((line) => {
        const [, host, port] = /^\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s/.exec(line) ?? [];
        const plain = host?.replace(/%.*$/, '');
        return plain !== undefined && ['0.0.0.0', '*', '[::]', address, `[${address}]`].includes(plain) ? [Number(port)] : [];
      }),
  };
}

/** Containers with an address in the cluster's network. */
export function containers(cluster: Cluster): Fact<readonly RunningContainer[]> {
  const pool = parseCidr(cluster.network.subnet);
  const format = '{{.State.Pid}} {{.Name}}{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}';
  return {
    script: `docker ps -q | xargs -r docker inspect -f ${quote(format)}`,
    parse: ({stdout}) =>
      stdout.split('\n').flatMap((line) => {
        const [pid, name = '', ...addresses] = line.trim().split(/\s+/);
        const address = addresses.find((one) => {
          const value = parseIpv4(one);
          return pool !== undefined && value !== undefined && contains(pool, value);
        });
        // Mesos gives its containers names that say nothing
        const task = cluster.framework.tasks.find((one) => one.address === address)?.name;
        return Number(pid) > 0 && address ? [{pid: Number(pid), name: task ?? name.replace(/^\//, ''), address}] : [];
      }),
  };
}

/** The hardware address with which packets of another host arrive here; undefined when a router is between. */
export function neighbour(address: string): Fact<string | undefined> {
  const one = quote(address);
  return {
    script: `ip route get ${one} | grep -q ' via ' && exit 1; ping -n -c 1 -W 1 ${one} >/dev/null; ip neigh show to ${one}`,
    parse: ({stdout, code}) => (code === 0 ? /lladdr (\S+)/.exec(stdout)?.[1]?.toLowerCase() : undefined),
  };
}
