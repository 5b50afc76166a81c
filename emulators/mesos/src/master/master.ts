import type {ServerResponse} from 'node:http';
import type {Flags} from '../common/flags.js';
import type {Reply, Request} from '../common/http-server.js';
import type {Log} from '../common/log.js';
import type {MediaType} from '../common/media-types.js';
import type {MessageSpec} from '../common/message.js';
import {encodeMessage} from '../common/protobuf.js';
import {type Encode, encodeJson} from '../common/recordio.js';
import {responseJson} from '../common/response-json.js';
import {agentApi} from './agent-api.js';
import type {Context, Effect} from './context.js';
import type {MasterAccess, Security} from './master-access.js';
import {findFormHandler} from './operator-actions.js';
import {operatorApi} from './operator-api.js';
import {readEndpoints} from './read-endpoints.js';
import {saveRegistry} from './registry.js';
import {schedulerApi} from './scheduler-api.js';
import {handle, type Input} from './state-machine.js';
import {type StreamFormat, Streams} from './streams.js';

export interface MasterDependencies {
  readonly flags: Flags;
  readonly security: Security;
  readonly log: Log;
  newId(): string;
  /** Undefined with --registry=in_memory. */
  readonly registryPath?: string | undefined;
}

/** Connects the state machine to HTTP: passes requests to it as inputs, and performs its effects on streams, registry and log. */
export class Master implements MasterAccess {
  readonly context: Context;
  readonly flags: Flags;
  readonly security: Security;
  readonly #parts: MasterDependencies;
  readonly #streams = new Streams();

  constructor(parts: MasterDependencies, context: Omit<Context, 'emit'>) {
    this.#parts = parts;
    this.flags = parts.flags;
    this.security = parts.security;
    this.context = {...context, now: () => context.now(), emit: (effect) => this.#perform(effect)};
  }

  handle(input: Input): void {
    handle(this.context, input);
  }

  /** Answers an HTTP request. */
  answer(request: Request): Reply {
    if (request.path === '/api/v1/scheduler' || request.path === '/master/api/v1/scheduler') return schedulerApi(this, request);
    if (request.path === '/api/v1' || request.path === '/master/api/v1') return operatorApi(this, request);
    if (request.path === '/hw5/v1/agent') return agentApi(this, request);
    const handleForm = findFormHandler(request.path);
    return handleForm ? handleForm(this, request) : readEndpoints(this, request);
  }

  openStream(response: ServerResponse, mediaType: MediaType, spec: MessageSpec): string {
    const encode: Encode =
      mediaType === 'application/json'
        ? (event) => encodeJson(responseJson(spec, event))
        : (event) => encodeMessage(spec, event as Record<string, unknown>);
    return this.#open(response, {mediaType, encode});
  }

  openAgentStream(response: ServerResponse): string {
    return this.#open(response, {mediaType: 'application/json', encode: encodeJson});
  }

  #open(response: ServerResponse, format: StreamFormat): string {
    const id = this.#parts.newId();
    this.#streams.open(id, response, format, () => this.handle({kind: 'closed', stream: id}));
    return id;
  }

  close(): void {
    this.#streams.destroy();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'event':
        this.#streams.send(effect.stream, effect.event);
        break;
      case 'agent':
        this.#streams.send(effect.stream, effect.message);
        break;
      case 'end-stream':
        this.#streams.end(effect.stream);
        break;
      case 'save-registry':
        if (this.#parts.registryPath !== undefined) saveRegistry(this.context.state, this.#parts.registryPath);
        return;
      case 'log':
        this.#parts.log(effect.message);
        break;
    }
  }
}
