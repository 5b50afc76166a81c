import {type ClientRequest, request} from 'node:http';
import {decodeMessage, encodeMessage} from '../../src/common/protobuf.js';
import {RecordReader} from '../../src/common/recordio.js';
import type {TaskStatus} from '../../src/common/wire.js';
import {CALL} from '../../src/master/call-spec.js';
import {EVENT} from '../../src/master/event-spec.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One HTTP exchange with a server on loopback. */
export function exchange(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
  host = '127.0.0.1',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({host, port, method, path, headers, agent: false}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          bytes: Buffer.concat(chunks),
          headers: response.headers,
        }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: events are looked at freely in tests
export type Event = any;

/** The forms a framework speaks in. */
const FORMS = {
  json: {
    mediaType: 'application/json',
    encode: (call: object): Buffer => Buffer.from(JSON.stringify(call)),
    decode: (content: Buffer): Event => JSON.parse(content.toString('utf8')),
  },
  protobuf: {
    mediaType: 'application/x-protobuf',
    encode: (call: object): Buffer => encodeMessage(CALL, call as Record<string, unknown>),
    decode: (content: Buffer): Event => decodeMessage(EVENT, content),
  },
};

/** A framework as any client of the v1 API: a stream of events, and calls beside it. */
export class TestFramework {
  readonly events: Event[] = [];
  readonly port: number;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  streamId = '';
  id = '';
  isEnded = false;
  acknowledges = true;
  form: keyof typeof FORMS = 'json';
  #request: ClientRequest | undefined;
  #wake: () => void = () => undefined;

  constructor(port: number, headers: Readonly<Record<string, string>> = {}, host = '127.0.0.1') {
    this.port = port;
    this.host = host;
    this.headers = headers;
  }

  /** Opens the stream and waits for its first event. */
  async subscribe(info: object = {}, more: object = {}): Promise<this> {
    const framework_info = {
      user: 'root',
      name: 'test',
      failover_timeout: 60,
      checkpoint: true,
      roles: ['*'],
      capabilities: [{type: 'MULTI_ROLE'}],
      ...info,
    };
    const id = (framework_info as {id?: object}).id;
    const {mediaType, encode, decode} = FORMS[this.form];
    const body = encode({type: 'SUBSCRIBE', subscribe: {framework_info, ...more}, ...(id ? {framework_id: id} : {})});
    await new Promise<void>((resolve, reject) => {
      const headers = {'Content-Type': mediaType, Accept: mediaType, ...this.headers};
      this.#request = request(
        {host: this.host, port: this.port, method: 'POST', path: '/api/v1/scheduler', headers, agent: false},
        (response) => {
          if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
          this.streamId = String(response.headers['mesos-stream-id']);
          const reader = new RecordReader(decode);
          response.on('data', (bytes: Buffer) => {
            for (const event of reader.push(bytes)) this.#take(event);
          });
          const end = () => {
            this.isEnded = true;
            this.#wake();
          };
          response.on('end', end);
          response.on('error', end);
          resolve();
        },
      );
      this.#request.on('error', reject);
      this.#request.end(body);
    });
    const first = await this.event((event) => event.type === 'SUBSCRIBED' || event.type === 'ERROR');
    this.id = first.subscribed?.framework_id.value ?? '';
    return this;
  }

  #take(event: Event): void {
    this.events.push(event);
    const status = event.update?.status as TaskStatus | undefined;
    if (status?.uuid && this.acknowledges) this.acknowledge(status).catch(() => undefined);
    this.#wake();
  }

  acknowledge(status: TaskStatus): Promise<Answer> {
    return this.call('ACKNOWLEDGE', {acknowledge: {agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid}});
  }

  /** The first event that fits, among those taken or to come. */
  async event(fits: (event: Event) => boolean, within = 30_000): Promise<Event> {
    const until = Date.now() + within;
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      const left = until - Date.now();
      if (left <= 0 || this.isEnded) throw new Error(`no such event; events: ${JSON.stringify(this.events).slice(0, 5000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The status of a task in a state. */
  async status(taskId: string, state: string, more: (status: TaskStatus) => boolean = () => true): Promise<TaskStatus> {
    const event = await this.event(
      ({update}) => update?.status.task_id.value === taskId && update.status.state === state && more(update.status),
    );
    return event.update.status;
  }

  /** All states told of a task, in order. */
  states(taskId: string): string[] {
    return this.events.flatMap(({update}) => (update?.status.task_id.value === taskId ? [update.status.state as string] : []));
  }

  /** An offer not looked at yet; each is returned once. */
  async offer(): Promise<Event> {
    const event = await this.event(({offers}) => offers?.offers.some((offer: Event) => !this.#seen.has(offer.id.value)));
    const offer = event.offers.offers.find((candidate: Event) => !this.#seen.has(candidate.id.value));
    this.#seen.add(offer.id.value);
    return offer;
  }

  readonly #seen = new Set<string>();

  async call(type: string, fields: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const {mediaType, encode} = FORMS[this.form];
    const body = encode({framework_id: {value: this.id}, type, ...fields});
    const all = {
      'Content-Type': mediaType,
      Accept: mediaType,
      'Mesos-Stream-Id': this.streamId,
      ...this.headers,
      ...headers,
    };
    return exchange(this.port, 'POST', '/api/v1/scheduler', all, body, this.host);
  }

  /** Launches tasks from an offer; what is left comes again at once. */
  launch(offer: Event, ...tasks: object[]): Promise<Answer> {
    return this.launchAndRefuse(0, offer, ...tasks);
  }

  /** Launches tasks from an offer and wants nothing of the rest for a while. */
  launchAndRefuse(refuse_seconds: number, offer: Event, ...tasks: object[]): Promise<Answer> {
    const task_infos = tasks.map((task) => ({agent_id: offer.agent_id, ...task}));
    const accept = {offer_ids: [offer.id], operations: [{type: 'LAUNCH', launch: {task_infos}}], filters: {refuse_seconds}};
    return this.call('ACCEPT', {accept});
  }

  disconnect(): void {
    this.#request?.destroy();
  }
}

/** A task that runs a shell command. */
export function shellTask(id: string, value: string, more: object = {}): object {
  return {name: id, task_id: {value: id}, resources: resources(0.1, 32), command: {shell: true, value}, ...more};
}

export function resources(cpus: number, mem: number): object[] {
  return [
    {name: 'cpus', type: 'SCALAR', scalar: {value: cpus}},
    {name: 'mem', type: 'SCALAR', scalar: {value: mem}},
  ];
}
