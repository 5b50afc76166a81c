import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {AGENT_FLAGS} from '../../src/agent/flags.js';
import {type RunningAgent, startAgent} from '../../src/agent/start.js';
import {parseFlags} from '../../src/common/flags.js';
import {MASTER_FLAGS} from '../../src/master/flags.js';
import {type RunningMaster, startMaster} from '../../src/master/start.js';
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
  async agent(master: {readonly port: number}, ...flags: string[]): Promise<RunningAgent> {
    const argv = this.#agentFlags(master.port, flags);
    const agent = this.#keep(
      await startAgent(
        parseFlags(AGENT_FLAGS, argv, {}),
        (line) => this.log.push(`agent: ${line}`),
        () => undefined,
      ),
    );
    this.#agentPort = agent.port;
    return agent;
  }

  /** The same as a process of its own, which can be killed. */
  async agentProcess(master: {readonly port: number}, ...flags: string[]): Promise<ChildProcess> {
    if (this.#agentPort === 0) this.#agentPort = await freePort();
    const main = new URL('../../src/agent/main.ts', import.meta.url).pathname;
    const argv = this.#agentFlags(master.port, flags);
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...argv], {stdio: ['ignore', 'ignore', 'pipe']});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.push(`agent ${child.pid}: ${text}`));
    this.#keep({
      stop: async () => {
        child.kill('SIGKILL');
      },
    });
    return child;
  }

  #agentFlags(masterPort: number, flags: readonly string[]): string[] {
    const argv = [
      `--master=127.0.0.1:${masterPort}`,
      '--ip=127.0.0.1',
      `--port=${this.#agentPort}`,
      `--work_dir=${join(this.directory, 'agent')}`,
      `--runtime_dir=${join(this.directory, 'run')}`,
      '--resources=cpus:2;mem:2048;disk:2048;ports:[31000-32000]',
      '--attributes=rack:r1;zone:z1',
      '--registration_backoff_factor=100ms',
      ...flags,
    ];
    return [...new Map(argv.map((flag) => [flag.split('=')[0], flag])).values()];
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

  /** What a test that failed half-way left running. */
  #killLeftovers(): void {
    for (const folder of ['run/containers', 'docker/containers']) {
      const path = join(this.directory, folder);
      for (const name of existsSync(path) ? readdirSync(path) : []) {
        try {
          process.kill(-Number(readFileSync(join(path, name, 'pid'), 'utf8')), 'SIGKILL');
        } catch {
          // It is over.
        }
      }
    }
  }

  async close(): Promise<void> {
    // Ends the tasks, which outlive their agents.
    for (const framework of this.#frameworks) if (framework.id !== '') await framework.call('TEARDOWN').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const framework of this.#frameworks) framework.disconnect();
    for (const running of this.#running) await running.stop().catch(() => undefined);
    this.#killLeftovers();
    rmSync(this.directory, {recursive: true, force: true});
  }
}

/** A port that is free, and stays so until it is bound: below those that Linux gives to whoever names none. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
