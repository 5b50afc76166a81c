import {parseFlags} from '../../src/common/flags.js';
import {parseResources} from '../../src/common/resources-text.js';
import {parseCall} from '../../src/master/call.js';
import type {Context, Effect, MasterSettings} from '../../src/master/context.js';
import {MASTER_FLAGS} from '../../src/master/flags.js';
import {masterInfo, masterSettings} from '../../src/master/settings.js';
import {emptyState} from '../../src/master/state.js';
import {handle} from '../../src/master/state-machine.js';
import type {Event} from './framework.js';

/** The master's state machine without IO: tests let time pass, effects are collected. */
export class TestStateMachine {
  readonly effects: Effect[] = [];
  readonly context: Context;
  #now = 1000;

  constructor(settings: Partial<MasterSettings> = {}) {
    const flags = parseFlags(MASTER_FLAGS, ['--ip=127.0.0.1', '--registry=in_memory'], {});
    const defaults = masterSettings(flags, masterInfo(flags, 'M', 5050));
    this.context = {
      state: emptyState('M', this.#now),
      settings: {...defaults, ...settings},
      now: () => this.#now,
      emit: (effect) => this.effects.push(effect),
    };
  }

  /** Lets seconds pass, with a tick every tenth of a second. */
  pass(seconds: number): void {
    const until = this.#now + seconds;
    while (this.#now < until) {
      this.#now = Math.min(until, Math.round((this.#now + 0.1) * 10) / 10);
      handle(this.context, {kind: 'tick'});
    }
  }

  /** Registers an agent. */
  agent(name: string, resources: string): void {
    const list = parseResources(resources);
    const info = {hostname: name, port: 5051, resources: list, attributes: [], checkpoint: true};
    const register = {info, ip: '127.0.0.1', version: '1', total: list, frameworks: [], tasks: []};
    handle(this.context, {kind: 'agent', stream: `stream of ${name}`, call: {type: 'REGISTER', register}});
  }

  /** Subscribes a framework. The id of its stream is its name. @returns the framework's id */
  framework(name: string, info: object = {}, more: object = {}): string {
    const framework_info = {
      user: 'root',
      name,
      failover_timeout: 60,
      roles: ['*'],
      capabilities: [{type: 'MULTI_ROLE'}],
      ...info,
    };
    const call = parseCall(
      Buffer.from(JSON.stringify({type: 'SUBSCRIBE', subscribe: {framework_info, ...more}})),
      'application/json',
    );
    handle(this.context, {kind: 'subscribe', stream: name, call});
    return [...this.context.state.frameworks.values()].find((framework) => framework.stream === name)!.id;
  }

  /** Sends a call of a framework. */
  call(name: string, type: string, fields: object = {}): void {
    const framework = [...this.context.state.frameworks.values()].find((candidate) => candidate.stream === name)!;
    const call = parseCall(
      Buffer.from(JSON.stringify({type, framework_id: {value: framework.id}, ...fields})),
      'application/json',
    );
    handle(this.context, {kind: 'call', framework, call});
  }

  /** The events that a framework has received. */
  events(name: string): Event[] {
    return this.effects.flatMap((effect) => (effect.kind === 'event' && effect.stream === name ? [effect.event] : []));
  }

  /** All offers that a framework has received. */
  offers(name: string): Event[] {
    return this.events(name).flatMap((event) => event.offers?.offers ?? []);
  }

  /** The messages that an agent has received. */
  messages(name: string): Event[] {
    return this.effects.flatMap((effect) =>
      effect.kind === 'agent' && effect.stream === `stream of ${name}` ? [effect.message] : [],
    );
  }
}

/** The scalar resources of an offer, such as {cpus: 2, mem: 1024}. */
export function amounts(offer: Event): Record<string, number> {
  return Object.fromEntries(offer.resources.flatMap((r: Event) => (r.scalar ? [[r.name, r.scalar.value]] : [])));
}
