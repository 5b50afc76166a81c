import type {ClusterNode} from '../cluster/cluster.js';
import type {Host} from './host.js';

/** Opens one connection a node, when it is first needed, and closes them all at the end. */
export class OpenHosts implements AsyncDisposable {
  readonly #connect: (node: ClusterNode, signal: AbortSignal) => Promise<Host>;
  readonly #open = new Map<string, Promise<Host>>();
  readonly #end = new AbortController();

  /** @param connect gives up when its signal aborts: nobody waits at the end for a machine that does not answer. */
  constructor(connect: (node: ClusterNode, signal: AbortSignal) => Promise<Host>) {
    this.#connect = connect;
  }

  /** @throws ConnectError, the same one each time. */
  of(node: ClusterNode): Promise<Host> {
    let host = this.#open.get(node.name);
    if (host === undefined) {
      host = this.#connect(node, this.#end.signal);
      host.catch(() => undefined);
      this.#open.set(node.name, host);
    }
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.allSettled([...this.#open.values()].map(async (host) => (await host)[Symbol.asyncDispose]()));
  }
}
