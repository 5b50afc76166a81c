import {readdir, readFile, writeFile} from 'node:fs/promises';
import type {Endpoint} from '../model/types.js';
import {type Run, runOrThrow} from '../process.js';

const INTERFACES = '/sys/class/net';

/**
 * The sysctls of each container's interface. The host answers all ARP requests of the container, of which it sends one for 169.254.1.1
 * (proxy_arp, no delay).
 */
const SYSCTLS = (name: string): readonly (readonly [string, string])[] => [
  [`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '1'],
  [`/proc/sys/net/ipv4/conf/${name}/route_localnet`, '1'],
  [`/proc/sys/net/ipv4/neigh/${name}/proxy_delay`, '0'],
  [`/proc/sys/net/ipv4/conf/${name}/forwarding`, '1'],
  // Last: from here on the container gets replies.
  [`/proc/sys/net/ipv4/conf/${name}/proxy_arp`, '1'],
];

interface Route {
  readonly dst: string;
  readonly dev: string;
}

/** `mac` is the endpoint's, for the permanent ARP entry. */
export interface DesiredRoute extends Route {
  readonly mac: string;
}

/** The names of this machine's interfaces that begin with `cali`. */
export async function calicoInterfaces(): Promise<Set<string>> {
  return new Set((await readdir(INTERFACES)).filter((name) => name.startsWith('cali')));
}

/** The routes to the node's endpoints whose interface exists. Pure. */
export function desiredRoutes(node: string, endpoints: readonly Endpoint[], interfaces: ReadonlySet<string>): DesiredRoute[] {
  return endpoints
    .filter((endpoint) => endpoint.node === node && interfaces.has(endpoint.interfaceName))
    .flatMap((endpoint) =>
      endpoint.nets.map((net) => ({dst: net.replace(/\/32$/, ''), dev: endpoint.interfaceName, mac: endpoint.mac})),
    );
}

/** Reads the output of `ip -j route show`: the routes over cali* interfaces. */
export function parseRoutes(json: string): Route[] {
  const routes = JSON.parse(json.trim() || '[]') as {dst?: string; dev?: string}[];
  return routes.flatMap(({dst, dev}) => (dst !== undefined && dev?.startsWith('cali') ? [{dst, dev}] : []));
}

/** Keeps routes, ARP entries and sysctls of the local endpoints up to date; deletes the conntrack entries of removed addresses. */
export class RouteSync {
  readonly #run: Run;
  #addresses = new Set<string>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Returns a description of each change. @throws Error with the message of `ip` */
  async apply(desired: readonly DesiredRoute[]): Promise<string[]> {
    const current = parseRoutes(await runOrThrow(this.#run, ['ip', '-j', '-4', 'route', 'show', 'table', 'main']));
    const isSame = (a: Route, b: Route) => a.dst === b.dst && a.dev === b.dev;
    const missing = desired.filter((route) => !current.some((one) => isSame(one, route)));
    const surplus = current.filter((route) => !desired.some((one) => isSame(one, route)));
    for (const {dev} of desired) await setSysctls(dev);
    for (const {dst, dev} of surplus) await this.#run(['ip', 'route', 'del', dst, 'dev', dev]);
    for (const {dst, dev, mac} of missing) {
      await this.#run(['ip', 'link', 'set', dev, 'up']);
      await runOrThrow(this.#run, ['ip', 'neigh', 'replace', dst, 'dev', dev, 'lladdr', mac, 'nud', 'permanent']);
      await runOrThrow(this.#run, ['ip', 'route', 'replace', dst, 'dev', dev, 'scope', 'link']);
    }
    await this.#deleteConnections(new Set(desired.map((route) => route.dst)), surplus);
    return [
      ...missing.map(({dst, dev}) => `route ${dst} dev ${dev} added`),
      ...surplus.map(({dst, dev}) => `route ${dst} dev ${dev} removed`),
    ];
  }

  /** A new container must not inherit the tracked connections of an earlier one with the same address. */
  async #deleteConnections(addresses: Set<string>, surplus: readonly Route[]): Promise<void> {
    const removed = new Set(
      [...this.#addresses, ...surplus.map((route) => route.dst)].filter((address) => !addresses.has(address)),
    );
    this.#addresses = addresses;
    for (const address of removed) {
      // Exit 1 means that there were none.
      for (const side of ['--orig-src', '--orig-dst', '--reply-src', '--reply-dst'])
        await this.#run(['conntrack', '-D', side, address]);
    }
  }
}

async function setSysctls(name: string): Promise<void> {
  for (const [path, value] of SYSCTLS(name)) {
    try {
      if ((await readFile(path, 'utf8')).trim() !== value) await writeFile(path, value);
    } catch (error) {
      // The interface may have been removed in the meantime: the next pass handles that.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
