import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {AGENT_FLAGS} from '../../../src/lab/mesos/agent/flags.js';
import {type RunningAgent, startAgent} from '../../../src/lab/mesos/agent/start.js';
import {parseFlags} from '../../../src/lab/mesos/common/flags.js';
import {MASTER_FLAGS} from '../../../src/lab/mesos/master/flags.js';
import {type RunningMaster, startMaster} from '../../../src/lab/mesos/master/start.js';
import {TestFramework} from './framework.js';

/** Masters and agents on loopback, in a directory of their own; all end with `close`. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'hw5-mesos-'));
  readonly log: string[] = [];
  readonly #frameworks: TestFramework[] = [];
  readonly #running = new Set<{stop(): Promise<void>}>();
  #agentPort = 0;

  async master(...flags: string[]): Promise<RunningMaster> {
    const argv = ['--ip=127.0.0.1', '--port=0', '--registry=in_memory', '--allocation_interval=200ms', ...flags];
    const unique = [...new Map(argv.map((flag) => [flag.split('=')[0], flag])).values()];
    return this.#keep(await startMaster(parseFlags(MASTER_FLAGS, unique, {}), (line) => this.log.push(`master: ${line}`)));
  }

  /** An agent with a fixed port, so that one started later is the same agent. */
  async agent(master: RunningMaster, ...flags: string[]): Promise<RunningAgent> {
    const argv = [
      `--master=127.0.0.1:${master.port}`,
      '--ip=127.0.0.1',
      `--port=${this.#agentPort}`,
      `--work_dir=${join(this.directory, 'agent')}`,
      `--runtime_dir=${join(this.directory, 'run')}`,
      '--resources=cpus:2;mem:2048;disk:2048;ports:[31000-32000]',
      '--attributes=rack:r1;zone:z1',
      '--registration_backoff_factor=100ms',
      ...flags,
    ];
    const unique = [...new Map(argv.map((flag) => [flag.split('=')[0], flag])).values()];
    const agent = this.#keep(
      await startAgent(
        parseFlags(AGENT_FLAGS, unique, {}),
        (line) => this.log.push(`agent: ${line}`),
        () => undefined,
      ),
    );
    this.#agentPort = agent.port;
    return agent;
  }

  framework(master: RunningMaster, headers: Readonly<Record<string, string>> = {}): TestFramework {
    const framework = new TestFramework(master.port, headers);
    this.#frameworks.push(framework);
    return framework;
  }

  #keep<T extends {stop(): Promise<void>}>(running: T): T {
    this.#running.add(running);
    return running;
  }

  async close(): Promise<void> {
    // Ends the tasks, which outlive their agents.
    for (const framework of this.#frameworks) if (framework.id !== '') await framework.call('TEARDOWN').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const framework of this.#frameworks) framework.disconnect();
    for (const running of this.#running) await running.stop().catch(() => undefined);
    rmSync(this.directory, {recursive: true, force: true});
  }
}
