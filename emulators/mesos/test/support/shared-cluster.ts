import {afterAll, beforeAll} from 'vitest';
import type {RunningAgent} from '../../src/agent/start.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from './cluster.js';
import type {TestFramework} from './framework.js';

export interface SharedCluster {
  readonly cluster: TestCluster;
  readonly master: RunningMaster;
  readonly agent: RunningAgent;
  readonly framework: TestFramework;
}

export interface SharedClusterOptions {
  /** Fields of the FrameworkInfo. */
  readonly info?: object;
  /** Further fields of SUBSCRIBE. */
  readonly subscribe?: object;
  readonly format?: TestFramework['format'];
  readonly agentFlags?: readonly string[];
}

/**
 * Starts a master, an agent and a framework before the tests of the current `describe` or file, and stops them afterwards.
 * @returns an object whose properties are set when the tests run
 */
export function useSharedCluster(options: SharedClusterOptions = {}): SharedCluster {
  const shared = {} as {-readonly [K in keyof SharedCluster]: SharedCluster[K]};
  beforeAll(async () => {
    shared.cluster = new TestCluster();
    shared.master = await shared.cluster.master();
    shared.agent = await shared.cluster.agent(shared.master, ...(options.agentFlags ?? []));
    shared.framework = shared.cluster.framework(shared.master);
    shared.framework.format = options.format ?? 'json';
    await shared.framework.subscribe(options.info, options.subscribe);
  });
  afterAll(() => shared.cluster?.close());
  return shared;
}
