import {TimeoutError} from '../support/errors.js';
import type {FreeRequest, FreeResult} from './address-freer.js';
import type {MesosClient} from './client.js';
import type {Clock} from './clock.js';
import {Election, type Leadership} from './election.js';
import {FrameworkStore, type KeyValues} from './key-values.js';
import {Leader} from './leader.js';
import {messageOf} from './message-of.js';
import type {Sandbox} from './model.js';
import {wasRemoved} from './registration.js';
import type {Settings} from './settings.js';

export interface TeardownOptions {
  readonly node: string;
  readonly name: string;
  readonly kv: KeyValues;
  readonly client: MesosClient;
  readonly settings: Settings;
  readonly leaseSeconds: number;
  /** The limit for winning the leadership, for the tasks to end and for the master to answer, each. */
  readonly limitSeconds: number;
  readonly clock: Clock;
  readonly freeAddress: (request: FreeRequest, isHeld: () => boolean) => Promise<FreeResult>;
  readonly explainEnd: (sandbox: Sandbox) => Promise<string | undefined>;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/**
 * Removes the framework: first its tasks, so that their containers have terminated when this returns, then the framework from the master,
 * then its records from etcd. It is no error when there is none.
 * @throws {TimeoutError} when another instance keeps leading, or the master cannot be reached
 */
export async function tearDown(options: TeardownOptions): Promise<void> {
  const {kv, name, log, client} = options;
  const store = new FrameworkStore(kv, name);
  const records = await store.load();
  const frameworkId = records.get('framework-id');
  if (typeof frameworkId !== 'string') {
    await store.clear();
    log('info', 'there is no framework to tear down');
    return;
  }
  const leadership = await lead(options, store);
  try {
    await endTasks({...options, leadership, store});
    await endFramework(client, frameworkId, options);
    await store.clear();
    log('info', `the framework ${frameworkId} was torn down`);
  } finally {
    await leadership.resign();
  }
}

async function lead(options: TeardownOptions, store: FrameworkStore): Promise<Leadership> {
  const election = new Election({...options, key: `${store.prefix}leader`, ttlSeconds: options.leaseSeconds});
  const limit = new AbortController();
  void options.clock.pause(options.limitSeconds * 1000, limit.signal).then(() => limit.abort());
  const leadership = await election.campaign(limit.signal);
  limit.abort();
  if (leadership !== undefined) return leadership;
  throw new TimeoutError(`the framework is still led by ${await election.leader()}`, {
    hint: 'stop hw5-scheduler on every node first',
  });
}

/** Ends all tasks and waits until none is left, except those of unreachable agents, which the master kills later. */
async function endTasks(
  options: TeardownOptions & {readonly leadership: Leadership; readonly store: FrameworkStore},
): Promise<void> {
  const leader = await Leader.takeOver(options);
  const stop = new AbortController();
  const running = leader.run(stop.signal);
  // Older than any configuration: if the teardown fails, a scheduler that is started desires the configuration's tasks again.
  leader.dispatch({type: 'desired', tasks: [], at: 0});
  const {clock} = options;
  const until = clock.monotonic() + options.limitSeconds * 1000;
  while (clock.monotonic() < until && options.leadership.isHeld()) {
    const left = Object.values(leader.state.runs).filter((run) => run.phase !== 'lost');
    if (left.length === 0) break;
    await clock.pause(200);
  }
  stop.abort();
  await running;
}

async function endFramework(client: MesosClient, frameworkId: string, options: TeardownOptions): Promise<void> {
  const signal = AbortSignal.timeout(options.limitSeconds * 1000);
  try {
    if (await wasRemoved(client, frameworkId, signal)) return;
    const subscription = await client.subscribe(frameworkId, signal);
    try {
      for await (const event of subscription.events) {
        if (event.type === 'ERROR') options.log('warn', `the Mesos master reports: ${event.error.message}`);
        if (event.type === 'SUBSCRIBED') await subscription.call({type: 'TEARDOWN'});
        if (event.type === 'SUBSCRIBED' || event.type === 'ERROR') return;
      }
    } finally {
      subscription.close();
    }
  } catch (cause) {
    throw new TimeoutError(`the framework ${frameworkId} could not be torn down: ${messageOf(cause)}`, {
      hint: 'start the Mesos master and try again: its tasks may still run',
      cause,
    });
  }
}
