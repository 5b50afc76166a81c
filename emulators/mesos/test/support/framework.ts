import {type ClientRequest, request} from 'node:http';
import {decodeMessage, encodeMessage} from '../../src/common/protobuf.js';
import {RecordReader} from '../../src/common/recordio.js';
import type {TaskStatus} from '../../src/common/wire.js';
import {CALL} from '../../src/master/call-spec.js';
import {EVENT} from '../../src/master/event-spec.js';
import {type HttpResponse, sendRequest} from './http.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read any field of an event
export type Event = any;

/** The formats of the scheduler API. */
const FORMATS = {
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

/** A client of the v1 scheduler API: it reads the stream of events and sends calls. */
export class TestFramework {
  readonly events: Event[] = [];
  readonly port: number;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  streamId = '';
  id = '';
  isEnded = false;
  acknowledges = true;
  format: keyof typeof FORMATS = 'json';
  readonly #returnedOffers = new Set<string>();
  #request: ClientRequest | undefined;
  #notify: () => void = () => undefined;

  constructor(port: number, headers: Readonly<Record<string, string>> = {}, host = '127.0.0.1') {
    this.port = port;
    this.host = host;
    this.headers = headers;
  }

  /** Subscribes and waits for the first event. */
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
    const {mediaType, encode, decode} = FORMATS[this.format];
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
            for (const event of reader.push(bytes)) this.#receive(event);
          });
          const end = () => {
            this.isEnded = true;
            this.#notify();
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

  #receive(event: Event): void {
    this.events.push(event);
    const status = event.update?.status as TaskStatus | undefined;
    if (status?.uuid && this.acknowledges) this.acknowledge(status).catch(() => undefined);
    this.#notify();
  }

  acknowledge(status: TaskStatus): Promise<HttpResponse> {
    return this.call('ACKNOWLEDGE', {acknowledge: {agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid}});
  }

  /** The first event that matches, among those received and those to come. */
  async event(matches: (event: Event) => boolean, within = 30_000): Promise<Event> {
    const until = Date.now() + within;
    for (;;) {
      const found = this.events.find(matches);
      if (found) return found;
      const left = until - Date.now();
      if (left <= 0 || this.isEnded) throw new Error(`no event matches: ${JSON.stringify(this.events).slice(0, 5000)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for an update of a task with a state. */
  async status(taskId: string, state: string, more: (status: TaskStatus) => boolean = () => true): Promise<TaskStatus> {
    const event = await this.event(
      ({update}) => update?.status.task_id.value === taskId && update.status.state === state && more(update.status),
    );
    return event.update.status;
  }

  /** The states in the updates of a task, in order. */
  states(taskId: string): string[] {
    return this.events.flatMap(({update}) => (update?.status.task_id.value === taskId ? [update.status.state as string] : []));
  }

  /** Waits for an offer that was not returned before. */
  async offer(): Promise<Event> {
    const event = await this.event(({offers}) =>
      offers?.offers.some((offer: Event) => !this.#returnedOffers.has(offer.id.value)),
    );
    const offer = event.offers.offers.find((candidate: Event) => !this.#returnedOffers.has(candidate.id.value));
    this.#returnedOffers.add(offer.id.value);
    return offer;
  }

  async call(type: string, fields: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> {
    const {mediaType, encode} = FORMATS[this.format];
    const body = encode({framework_id: {value: this.id}, type, ...fields});
    const all = {
      'Content-Type': mediaType,
      Accept: mediaType,
      'Mesos-Stream-Id': this.streamId,
      ...this.headers,
      ...headers,
    };
    return sendRequest(this.port, 'POST', '/api/v1/scheduler', all, body, this.host);
  }

  /** Launches tasks from an offer. The rest of the offer is offered again immediately. */
  launch(offer: Event, ...tasks: object[]): Promise<HttpResponse> {
    return this.launchAndFilter(0, offer, ...tasks);
  }

  /** Launches tasks from an offer. The rest of the offer is not offered again for some seconds. */
  launchAndFilter(refuse_seconds: number, offer: Event, ...tasks: object[]): Promise<HttpResponse> {
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
