import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

interface Entry {
  value: string;
  modifiedIndex: number;
}

/** A fake etcd with the part of the v2 API that the emulator uses, over HTTP on loopback, with etcd's error codes. */
export class EtcdV2Server implements AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  readonly #changes: {index: number; key: string}[] = [];
  #waiting: (() => void)[] = [];
  #index = 1;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  /** Called before each request. May reply itself and return true, to simulate a member that fails. */
  intercept: (request: IncomingMessage, response: ServerResponse, perform: () => Promise<void>) => Promise<boolean> = async () =>
    false;

  static async start(): Promise<EtcdV2Server> {
    const server = new EtcdV2Server();
    await server.#listen();
    return server;
  }

  /** Remains when the server is closed; then no process listens there. */
  url = '';

  /** Another member of the same cluster: another address, the same data. */
  async member(): Promise<EtcdV2Server> {
    const other = new EtcdV2Server();
    other.#serveFrom(this);
    await other.#listen();
    return other;
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  value(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  put(key: string, value: string): void {
    this.#entries.set(key, {value, modifiedIndex: ++this.#index});
    this.#changed(key);
  }

  keys(prefix = '/'): string[] {
    return [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #source: EtcdV2Server = this;
  #serveFrom(source: EtcdV2Server): void {
    this.#source = source;
  }

  #changed(key: string): void {
    this.#changes.push({index: this.#index, key});
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const perform = () => this.#source.#perform(request, response, body);
    if (!(await this.intercept(request, response, perform))) await perform();
  }

  async #perform(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://etcd');
    const key = decodeURIComponent(url.pathname.replace(/^\/v2\/keys/, '')).replace(/\/$/, '');
    const query = url.searchParams;
    if (request.method === 'GET' && query.get('wait') === 'true')
      return this.#wait(response, key, Number(query.get('waitIndex')));
    if (request.method === 'GET') return this.#get(response, key);
    const current = this.#entries.get(key);
    const prevIndex = query.get('prevIndex');
    if (prevIndex !== null && current === undefined) return this.#fail(response, 404, 100, 'Key not found', key);
    if (prevIndex !== null && String(current?.modifiedIndex) !== prevIndex) {
      return this.#fail(response, 412, 101, 'Compare failed', `[${prevIndex} != ${current?.modifiedIndex}]`);
    }
    if (query.get('prevExist') === 'false' && current !== undefined)
      return this.#fail(response, 412, 105, 'Key already exists', key);
    // Empty directories are not kept.
    if (query.get('dir') === 'true') return this.#reply(response, 201, {action: 'create', node: {key, dir: true}});
    if (request.method === 'PUT') {
      this.put(key, new URLSearchParams(body).get('value') ?? '');
      return this.#reply(response, 200, {action: 'set', node: this.#node(key)});
    }
    const below = query.get('recursive') === 'true' ? this.keys(`${key}/`) : [];
    if (current === undefined && below.length === 0) return this.#fail(response, 404, 100, 'Key not found', key);
    for (const deleted of [key, ...below]) this.#entries.delete(deleted);
    this.#index++;
    this.#changed(key);
    this.#reply(response, 200, {action: 'delete'});
  }

  #get(response: ServerResponse, key: string): void {
    const node = this.#node(key);
    if (node === undefined) this.#fail(response, 404, 100, 'Key not found', key);
    else this.#reply(response, 200, {action: 'get', node});
  }

  async #wait(response: ServerResponse, key: string, index: number): Promise<void> {
    while (!this.#changes.some((change) => change.index >= index && change.key.startsWith(key))) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reply(response, 200, {action: 'set', node: {key}});
  }

  #node(key: string): object | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) return {key, ...entry};
    const names = new Set(this.keys(`${key}/`).map((one) => one.slice(key.length + 1).split('/')[0] ?? ''));
    if (names.size === 0) return undefined;
    return {key, dir: true, modifiedIndex: 1, nodes: [...names].map((name) => this.#node(`${key}/${name}`))};
  }

  #fail(response: ServerResponse, status: number, errorCode: number, message: string, cause: string): void {
    this.#reply(response, status, {errorCode, message, cause, index: this.#index});
  }

  #reply(response: ServerResponse, status: number, body: object): void {
    response.writeHead(status, {'content-type': 'application/json', 'x-etcd-index': String(this.#index)});
    response.end(JSON.stringify(body));
  }
}
