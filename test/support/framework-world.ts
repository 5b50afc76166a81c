import type {Call, MesosEvent, Offer, TaskInfo, TaskState, TaskStatus} from '../../src/framework/mesos.js';
import type {Effect, ReducerState, SchedulerEvent, StoreOp} from '../../src/framework/model.js';
import {stateFrom} from '../../src/framework/records.js';
import {reduce} from '../../src/framework/reduce.js';
import {defaultSettings} from '../../src/framework/settings.js';
import {viewOf} from '../../src/framework/view.js';
import type {TaskAction} from '../../src/scheduler-api/commands.js';
import type {TaskSpec} from '../../src/scheduler-api/task.js';

/** A container as it is on its agent, whether or not the master and the scheduler know it. */
export interface Container {
  readonly taskId: string;
  readonly name: string;
  readonly address: string;
  readonly image: string;
  readonly agentId: string;
  readonly hasCheck: boolean;
  readonly cpus: number;
  readonly mem: number;
  /** The number of the framework that launched it; a removed framework is followed by a new one. */
  readonly generation: number;
  state: 'TASK_STAGING' | 'TASK_STARTING' | 'TASK_RUNNING';
  healthy: boolean | undefined;
  /** Its agent was lost for longer than the reservation, or an operator released it: its address may have another holder. */
  isOverdue: boolean;
  /** When it will have terminated; null when it was not killed. */
  diesAt: number | null;
}

/** How long a killed container takes to terminate, in milliseconds. */
const DYING_MS = 3000;

interface Agent {
  readonly id: string;
  readonly host: string;
  awaySince: number | null;
  readonly containers: Map<string, Container>;
}

/** A task as the master knows it. */
interface Known {
  readonly taskId: string;
  readonly agentId: string;
  state: TaskState;
}

/**
 * A simulation of the reducer's environment: a master with agents that can become unreachable and return, a store whose writes take time, a
 * scheduler that can crash at any moment. The master behaves like the recorded one (test/unit/framework/transcripts.test.ts).
 */
export class FrameworkWorld {
  now = 1_000_000_000;
  state: ReducerState;
  readonly agents: Agent[];
  readonly store = new Map<string, unknown>();
  /** Saves in progress, in their order. */
  readonly saves: {id: number; ops: readonly StoreOp[]; acks: readonly Call[]}[] = [];
  /** Events that were sent and not delivered yet. */
  stream: MesosEvent[] = [];
  /** Delivered updates of agents, so that they can be repeated. */
  readonly #delivered: Extract<MesosEvent, {type: 'UPDATE'}>[] = [];
  /** The addresses that are being freed. */
  readonly freeing: string[] = [];
  /** Docker on the leader's node does not answer, so no address can be freed. */
  isDockerAway = false;
  /** All addresses that were ever to be freed. */
  readonly freed: Extract<Effect, {type: 'free-address'}>[] = [];
  /** The runs whose ends are to be explained. */
  readonly explaining: Extract<Effect, {type: 'explain-end'}>[] = [];
  readonly calls: Call[] = [];
  readonly logs: string[] = [];
  readonly replies: {ok: boolean; message: string}[] = [];
  /** Called with every call before it is performed. */
  onCall: (call: Call) => void = () => undefined;
  isSubscribed = false;
  /** Events are delivered within a second. */
  isPrompt = false;
  isSuppressed = false;
  /** The master has removed the framework. */
  isRemoved = false;
  #generation = 1;
  #plannedCrash: {effects: number; readonly durableSaves: number} | undefined;
  readonly #offers = new Map<string, Agent>();
  readonly #known = new Map<string, Known>();
  #nextOffer = 0;
  #nextUuid = 0;

  constructor(tasks: readonly TaskSpec[], agents = 3) {
    this.agents = Array.from({length: agents}, (_, index) => ({
      id: `S${index}`,
      host: `node${index}`,
      awaySince: null,
      containers: new Map(),
    }));
    this.state = stateFrom(new Map(), defaultSettings, this.now);
    this.dispatch({type: 'desired', tasks, at: 1});
  }

  get containers(): readonly Container[] {
    return this.agents.flatMap((agent) => [...agent.containers.values()]);
  }

  /** The reported reasons for a task's state. */
  why(name: string): readonly string[] {
    return viewOf(this.state, this.now).why[name] ?? [];
  }

  dispatch(event: SchedulerEvent): void {
    const {state, effects} = reduce(this.state, event, this.now);
    this.state = state;
    for (const effect of effects) {
      if (this.#plannedCrash?.effects === 0) {
        const {durableSaves} = this.#plannedCrash;
        this.#plannedCrash = undefined;
        this.crash(durableSaves);
        return;
      }
      if (this.#plannedCrash !== undefined) this.#plannedCrash.effects--;
      this.#perform(effect);
    }
  }

  /** The process will crash after so many effects. */
  crashAfter(effects: number, durableSaves: number): void {
    this.#plannedCrash = {effects, durableSaves};
  }

  /** The process will not crash. */
  cancelCrash(): void {
    this.#plannedCrash = undefined;
  }

  // --- time and the store

  /** Lets seconds pass, with one tick each. Events are delivered and saves finished by the caller, except when `isPrompt`. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      while (this.isPrompt && this.stream.length > 0) this.deliver();
      this.now += 1000;
      for (const agent of this.agents) {
        if (agent.awaySince === null || this.now - agent.awaySince < defaultSettings.reservationSeconds * 1000) continue;
        for (const container of agent.containers.values()) container.isOverdue = true;
      }
      for (const one of this.containers) if (one.diesAt !== null && one.diesAt <= this.now) this.end(one, 'TASK_KILLED');
      this.dispatch({type: 'tick'});
    }
  }

  finishSave(): void {
    const save = this.saves.shift();
    if (save === undefined) return;
    this.#write(save.ops);
    if (this.isSubscribed) for (const ack of save.acks) this.calls.push(ack);
    this.dispatch({type: 'saved', id: save.id});
  }

  finishFreeing(): void {
    const address = this.freeing.shift();
    if (address === undefined) return;
    const message = this.isDockerAway ? 'calico_net could not be inspected' : '';
    this.dispatch({type: 'address-freed', address, ok: !this.isDockerAway, message});
  }

  /** Delivers the next event, or a copy of it. */
  deliver(isDuplicated = false): void {
    const event = isDuplicated ? this.stream[0] : this.stream.shift();
    if (event === undefined) return;
    if (event.type === 'UPDATE' && event.update.status.uuid !== undefined) this.#delivered.push(event);
    this.dispatch({type: 'mesos', event});
  }

  /** A reachable agent repeats an old update because its acknowledgement was late. */
  repeat(choice: number): void {
    const isReachable = (id: string) => this.#agent(id).awaySince === null;
    const repeatable = this.#delivered.filter(({update}) => isReachable(update.status.agent_id!.value));
    const event = repeatable.at(-1 - (choice % Math.max(1, repeatable.length)));
    if (event !== undefined && this.isSubscribed) this.dispatch({type: 'mesos', event});
  }

  /** Delivers and finishes everything that is possible without time passing. */
  drain(): void {
    for (let round = 0; round < 10_000; round++) {
      if (this.stream.length > 0) this.deliver();
      else if (this.saves.length > 0) this.finishSave();
      else if (this.freeing.length > 0) this.finishFreeing();
      else return;
    }
    throw new Error('the simulation does not settle');
  }

  // --- the scheduler

  subscribe(): void {
    if (this.isSubscribed) return;
    if (this.isRemoved && this.state.frameworkId !== null) {
      this.dispatch({type: 'framework-removed'});
      return;
    }
    if (this.isRemoved) this.#generation++;
    this.isRemoved = false;
    this.isSubscribed = true;
    this.isSuppressed = false;
    const framework_id = {value: `F${this.#generation}`};
    this.stream = [{type: 'SUBSCRIBED', subscribed: {framework_id, heartbeat_interval_seconds: 15}}];
  }

  disconnect(): void {
    this.#forgetSubscription();
    this.dispatch({type: 'disconnected', reason: 'the connection broke'});
  }

  /** The process crashes when the first few of its saves in progress are durable. A successor starts from the store. */
  crash(durableSaves: number): void {
    for (const save of this.saves.splice(0).slice(0, durableSaves)) this.#write(save.ops);
    this.freeing.length = 0;
    this.#forgetSubscription();
    this.state = stateFrom(structuredClone(this.store), defaultSettings, this.now);
  }

  command(action: TaskAction, name: string): void {
    // `release` also abandons a lost container of another name at the task's address
    const address = this.state.desired.find((one) => one.name === name)?.address;
    this.dispatch({type: 'command', action, name});
    if (action !== 'release' || this.replies.at(-1)?.ok !== true) return;
    for (const container of this.containers)
      if (container.name === name || container.address === address) container.isOverdue = true;
  }

  /** The framework is removed from the master: reachable agents end its tasks now, the others when they return. */
  teardown(): void {
    this.isRemoved = true;
    this.#known.clear();
    for (const agent of this.agents) if (agent.awaySince === null) agent.containers.clear();
    this.disconnect();
  }

  setDesired(tasks: readonly TaskSpec[]): void {
    this.dispatch({type: 'desired', tasks, at: this.now});
  }

  // --- the cluster

  /** The master offers the unused resources of every reachable agent. */
  offer(): void {
    if (!this.isSubscribed || this.isSuppressed) return;
    const taken = new Set(this.#offers.values());
    const offers: Offer[] = [];
    for (const agent of this.agents) {
      if (agent.awaySince !== null || taken.has(agent)) continue;
      const id = `O${this.#nextOffer++}`;
      this.#offers.set(id, agent);
      offers.push({
        id: {value: id},
        agent_id: {value: agent.id},
        hostname: agent.host,
        url: {scheme: 'http', address: {ip: `198.18.0.1${agent.id.slice(1)}`, port: 5051}},
        resources: [
          {name: 'cpus', type: 'SCALAR', scalar: {value: 4 - used(agent, 'cpus')}, role: '*'},
          {name: 'mem', type: 'SCALAR', scalar: {value: 4096 - used(agent, 'mem')}, role: '*'},
        ],
      });
    }
    if (offers.length > 0) this.stream.push({type: 'OFFERS', offers: {offers}});
  }

  rescind(): void {
    const [id] = this.#offers.keys();
    if (id === undefined) return;
    this.#offers.delete(id);
    this.stream.push({type: 'RESCIND', rescind: {offer_id: {value: id}}});
  }

  /** A container takes the next step toward running and healthy. */
  progress(container: Container): void {
    if (container.diesAt !== null) return;
    if (container.state === 'TASK_STAGING') container.state = 'TASK_STARTING';
    else if (container.state === 'TASK_STARTING') container.state = 'TASK_RUNNING';
    else if (container.hasCheck && container.healthy !== true) container.healthy = true;
    else return;
    this.#report(container, container.state);
  }

  makeUnhealthy(container: Container): void {
    if (container.state !== 'TASK_RUNNING' || !container.hasCheck) return;
    container.healthy = false;
    this.#report(container, container.state);
  }

  /** A container terminates, and its agent reports it. */
  end(container: Container, state: TaskState, message = ''): void {
    this.#agent(container.agentId).containers.delete(container.taskId);
    this.#report(container, state, message);
  }

  /** An agent becomes unreachable, which this master notices immediately. Its containers keep running. */
  loseAgent(agent: Agent): void {
    if (agent.awaySince !== null) return;
    agent.awaySince = this.now;
    for (const [id, owner] of this.#offers) if (owner === agent) this.#rescindOffer(id);
    for (const known of this.#known.values()) {
      if (known.agentId !== agent.id) continue;
      known.state = 'TASK_UNREACHABLE';
      this.#fromMaster(known.taskId, 'TASK_UNREACHABLE', agent.id, 'REASON_AGENT_REMOVED');
    }
    if (this.isSubscribed) this.stream.push({type: 'FAILURE', failure: {agent_id: {value: agent.id}}});
  }

  /** The agent registers again, with the containers that still run on it. */
  returnAgent(agent: Agent, isRebooted = false): void {
    if (agent.awaySince === null) return;
    agent.awaySince = null;
    // The master orders an agent to end the tasks of a removed framework.
    const isOrphan = (container: Container) => container.generation !== this.#generation || this.isRemoved;
    for (const container of [...agent.containers.values()])
      if (isRebooted || isOrphan(container)) agent.containers.delete(container.taskId);
    for (const known of [...this.#known.values()]) {
      if (known.agentId === agent.id && !agent.containers.has(known.taskId)) {
        this.#known.delete(known.taskId);
        this.#fromMaster(known.taskId, 'TASK_GONE', agent.id, 'REASON_AGENT_REREGISTERED');
      }
    }
    for (const container of agent.containers.values()) {
      this.#known.set(container.taskId, {taskId: container.taskId, agentId: agent.id, state: container.state});
      this.#fromMaster(container.taskId, container.state, agent.id, 'REASON_AGENT_REREGISTERED');
    }
  }

  /** The master restarts with an empty registry: no agent has registered again yet. */
  restartMaster(): void {
    this.#known.clear();
    for (const agent of this.agents) agent.awaySince ??= this.now;
    this.disconnect();
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'log':
        this.logs.push(effect.message);
        return;
      case 'reply':
        this.replies.push(effect);
        return;
      case 'save':
        this.saves.push({id: effect.id, ops: effect.ops, acks: effect.acks});
        return;
      case 'free-address':
        this.freeing.push(effect.address);
        this.freed.push(effect);
        return;
      case 'explain-end':
        this.explaining.push(effect);
        return;
      case 'call':
        this.onCall(effect.call);
        this.calls.push(effect.call);
        if (this.isSubscribed) this.#receive(effect.call);
    }
  }

  #receive(call: Call): void {
    switch (call.type) {
      case 'SUPPRESS':
        this.isSuppressed = true;
        return;
      case 'REVIVE':
        this.isSuppressed = false;
        return;
      case 'DECLINE':
        for (const id of call.decline.offer_ids) this.#offers.delete(id.value);
        return;
      case 'ACCEPT':
        this.#launch(call);
        return;
      case 'KILL':
        this.#kill(call.kill.task_id.value, call.kill.agent_id?.value);
        return;
      case 'RECONCILE': {
        const requested = call.reconcile.tasks.map((task) => ({taskId: task.task_id.value, agentId: task.agent_id?.value}));
        const all = requested.length > 0 ? requested : [...this.#known.values()].map(({taskId, agentId}) => ({taskId, agentId}));
        for (const {taskId, agentId} of all) this.#answer(taskId, agentId);
      }
    }
  }

  #launch(call: Extract<Call, {type: 'ACCEPT'}>): void {
    const agent = this.#offers.get(call.accept.offer_ids[0]!.value);
    this.#offers.delete(call.accept.offer_ids[0]!.value);
    for (const info of call.accept.operations.flatMap((operation) => operation.launch.task_infos)) {
      const taskId = info.task_id.value;
      if (agent === undefined || agent.awaySince !== null) {
        this.#fromMaster(taskId, 'TASK_DROPPED', info.agent_id.value, 'REASON_INVALID_OFFERS');
        continue;
      }
      agent.containers.set(taskId, {
        taskId,
        name: info.name,
        address: info.container.docker.parameters.find((parameter) => parameter.key === 'ip')!.value,
        image: info.container.docker.image,
        agentId: agent.id,
        hasCheck: info.health_check !== undefined,
        cpus: amount(info, 'cpus'),
        mem: amount(info, 'mem'),
        generation: this.#generation,
        state: 'TASK_STAGING',
        healthy: undefined,
        isOverdue: false,
        diesAt: null,
      });
      this.#known.set(taskId, {taskId, agentId: agent.id, state: 'TASK_STAGING'});
    }
  }

  #kill(taskId: string, agentId: string | undefined): void {
    const known = this.#known.get(taskId);
    const container = this.containers.find((one) => one.taskId === taskId);
    // A KILL is not queued for an unreachable agent: the master only answers with the task's state.
    if (known === undefined || container === undefined || this.#agent(known.agentId).awaySince !== null)
      this.#answer(taskId, agentId);
    else container.diesAt ??= this.now + DYING_MS;
  }

  #answer(taskId: string, agentId: string | undefined): void {
    const known = this.#known.get(taskId);
    const isRegistered = this.agents.some((agent) => agent.id === agentId && agent.awaySince === null);
    const state = known?.state ?? (isRegistered ? 'TASK_GONE' : 'TASK_UNKNOWN');
    this.#fromMaster(taskId, state, known?.agentId ?? agentId, 'REASON_RECONCILIATION');
  }

  /** An update of an agent, with a uuid; it is lost with the subscription, but the master keeps the state. */
  #report(container: Container, state: TaskState, message = ''): void {
    if (this.#agent(container.agentId).awaySince !== null) return;
    const isTerminal = !['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING'].includes(state);
    if (isTerminal) this.#known.delete(container.taskId);
    else this.#known.set(container.taskId, {taskId: container.taskId, agentId: container.agentId, state});
    this.#push({
      task_id: {value: container.taskId},
      state,
      message,
      source: 'SOURCE_EXECUTOR',
      agent_id: {value: container.agentId},
      uuid: `uuid-${this.#nextUuid++}`,
      ...(container.healthy === undefined ? {} : {healthy: container.healthy}),
      container_status: {container_id: {value: `c-${container.taskId}`}},
    });
  }

  #fromMaster(taskId: string, state: TaskState, agentId: string | undefined, reason: string): void {
    const container = this.containers.find((one) => one.taskId === taskId);
    this.#push({
      task_id: {value: taskId},
      state,
      source: 'SOURCE_MASTER',
      reason,
      // An upstream master repeats health and container with the latest state.
      ...(container?.healthy === undefined ? {} : {healthy: container.healthy}),
      ...(container === undefined ? {} : {container_status: {container_id: {value: `c-${taskId}`}}}),
      ...(agentId === undefined ? {} : {agent_id: {value: agentId}}),
    });
  }

  #push(status: TaskStatus): void {
    if (this.isSubscribed) this.stream.push({type: 'UPDATE', update: {status}});
  }

  #rescindOffer(id: string): void {
    this.#offers.delete(id);
    if (this.isSubscribed) this.stream.push({type: 'RESCIND', rescind: {offer_id: {value: id}}});
  }

  #forgetSubscription(): void {
    this.isSubscribed = false;
    this.stream = [];
    this.#offers.clear();
  }

  #write(ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.op === 'put') this.store.set(op.key, structuredClone(op.value));
      else this.store.delete(op.key);
    }
  }

  #agent(id: string): Agent {
    return this.agents.find((agent) => agent.id === id)!;
  }
}

function amount(info: TaskInfo, resource: 'cpus' | 'mem'): number {
  return info.resources.find(({name}) => name === resource)?.scalar?.value ?? 0;
}

function used(agent: Agent, resource: 'cpus' | 'mem'): number {
  return [...agent.containers.values()].reduce((total, container) => total + container[resource], 0);
}

/** A task description with default values. */
export function taskSpec(name: string, address: string, more: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name,
    image: 'docker-ssh:1',
    network: 'calico_net',
    address,
    cpus: 0.5,
    mem: 256,
    arguments: [],
    env: {},
    volumes: [],
    constraints: {},
    ...more,
  };
}

/** The five tasks of the default cluster. */
export function fiveTasks(image = 'docker-ssh:1'): readonly TaskSpec[] {
  const check = {type: 'tcp' as const, port: 22, path: '/', graceSeconds: 60, intervalSeconds: 5, timeoutSeconds: 5, failures: 3};
  return [
    taskSpec('jupyter', '192.168.0.100', {
      image: 'docker-jupyter:1',
      healthCheck: {...check, type: 'http', port: 8888, path: '/api'},
    }),
    ...[1, 2, 3, 4].map((number) => taskSpec(`ssh-${number}`, `192.168.0.10${number}`, {image, healthCheck: check})),
  ];
}

/** Time passes, events are delivered and containers start; unreachable agents stay unreachable. */
export function runFor(world: FrameworkWorld, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    world.drain();
    world.offer();
    world.drain();
    for (const container of world.containers) world.progress(container);
    world.drain();
    world.pass(1);
    world.drain();
  }
}

/** Time passes in normal operation: all agents return, and the scheduler is subscribed. */
export function recoverFor(world: FrameworkWorld, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    for (const agent of world.agents) world.returnAgent(agent);
    world.subscribe();
    runFor(world, 1);
  }
}
