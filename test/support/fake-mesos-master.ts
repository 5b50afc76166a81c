import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import type {Call, MesosEvent, TaskInfo} from '../../src/framework/mesos.js';
import {encodeRecord} from '../../src/framework/recordio.js';

type AnyCall = Call | {readonly type: 'SUBSCRIBE'; readonly framework_id?: {readonly value: string}};

/** A master with one large agent on a loopback port: tasks run as soon as they are launched. */
export class FakeMesosMaster implements AsyncDisposable {
  readonly calls: AnyCall[] = [];
  readonly tasks = new Map<string, TaskInfo>();
  readonly completed: string[] = [];
  /** Frameworks of other schedulers, as /master/state lists them. */
  others: unknown[] = [];
  /** The status of the answer to the next call, instead of 202. */
  rejectNext: number | undefined;
  readonly #server: Server;
  #stream: ServerResponse | undefined;
  #streamId = 0;
  #frameworks = 0;
  #offers = 0;
  #frameworkId = '';

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<FakeMesosMaster> {
    const master = new FakeMesosMaster();
    await new Promise<void>((resolve) => master.#server.listen(0, '127.0.0.1', resolve));
    return master;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get isSubscribed(): boolean {
    return this.#stream !== undefined;
  }

  send(event: MesosEvent): void {
    this.#stream?.write(encodeRecord(event));
  }

  /** Breaks the connection of the subscriber. */
  breakStream(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  offer(): void {
    this.send({
      type: 'OFFERS',
      offers: {
        offers: [
          {
            id: {value: `O${this.#offers++}`},
            agent_id: {value: 'S0'},
            hostname: 'node0',
            resources: [
              {name: 'cpus', type: 'SCALAR', scalar: {value: 8}, role: '*'},
              {name: 'mem', type: 'SCALAR', scalar: {value: 8192}, role: '*'},
            ],
          },
        ],
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/master/redirect') {
      response.writeHead(307, {Location: `//${this.host}`}).end();
      return;
    }
    if (request.url === '/master/state') {
      response.writeHead(200, {'Content-Type': 'application/json'});
      response.end(JSON.stringify({frameworks: this.others, completed_frameworks: this.completed.map((id) => ({id}))}));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as AnyCall;
    if (call.type === 'SUBSCRIBE') {
      this.calls.push(call);
      this.#subscribe(call.framework_id?.value, response);
      return;
    }
    const status = this.rejectNext ?? (request.headers['mesos-stream-id'] === `stream-${this.#streamId}` ? 202 : 400);
    this.rejectNext = undefined;
    if (status === 202) this.calls.push(call);
    response.writeHead(status).end();
    if (status === 202) this.#receive(call);
  }

  #subscribe(id: string | undefined, response: ServerResponse): void {
    response.writeHead(200, {'Content-Type': 'application/json', 'Mesos-Stream-Id': `stream-${++this.#streamId}`});
    if (id !== undefined && this.completed.includes(id)) {
      response.end(encodeRecord({type: 'ERROR', error: {message: 'Framework has been removed'}}));
      return;
    }
    this.#stream?.end(encodeRecord({type: 'ERROR', error: {message: 'Framework failed over'}}));
    this.#stream = response;
    response.on('close', () => {
      if (this.#stream === response) this.#stream = undefined;
    });
    this.#frameworkId = id ?? `F${++this.#frameworks}`;
    this.send({type: 'SUBSCRIBED', subscribed: {framework_id: {value: this.#frameworkId}, heartbeat_interval_seconds: 15}});
    this.offer();
  }

  #receive(call: Call): void {
    switch (call.type) {
      case 'ACCEPT':
        for (const info of call.accept.operations.flatMap((operation) => operation.launch.task_infos)) {
          this.tasks.set(info.task_id.value, info);
          this.#update(info.task_id.value, 'TASK_RUNNING', `uuid-${info.task_id.value}`);
        }
        return;
      case 'KILL':
        if (this.tasks.delete(call.kill.task_id.value)) this.#update(call.kill.task_id.value, 'TASK_KILLED', 'uuid-killed');
        return;
      case 'REVIVE':
        this.offer();
        return;
      case 'RECONCILE': {
        const ids =
          call.reconcile.tasks.length === 0 ? [...this.tasks.keys()] : call.reconcile.tasks.map((task) => task.task_id.value);
        for (const id of ids) this.#update(id, this.tasks.has(id) ? 'TASK_RUNNING' : 'TASK_GONE');
        return;
      }
      case 'TEARDOWN':
        this.completed.push(this.#frameworkId);
        this.tasks.clear();
        this.#stream?.end();
    }
  }

  #update(taskId: string, state: 'TASK_RUNNING' | 'TASK_KILLED' | 'TASK_GONE', uuid?: string): void {
    this.send({
      type: 'UPDATE',
      update: {
        status: {
          task_id: {value: taskId},
          state,
          agent_id: {value: 'S0'},
          source: uuid === undefined ? 'SOURCE_MASTER' : 'SOURCE_EXECUTOR',
          ...(uuid === undefined ? {} : {uuid}),
        },
      },
    });
  }
}
