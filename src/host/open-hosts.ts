import type {ClusterNode} from '../cluster/cluster.js';
import type {Host} from './host.js';

/** Opens one connection per node when it is first needed, and closes them all on disposal. */
export class OpenHosts implements AsyncDisposable {
  readonly #connect: (node: ClusterNode, signal: AbortSignal) => Promise<Host>;
  readonly #open = new Map<string, Promise<Host>>();
  readonly #end = new AbortController();

  /** @param connect has to stop when its signal aborts, so that disposal does not wait for a node that does not respond */
  constructor(connect: (node: ClusterNode, signal: AbortSignal) => Promise<Host>) {
    this.#connect = connect;
  }

  /** @throws ConnectError, the same one on every call */
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
