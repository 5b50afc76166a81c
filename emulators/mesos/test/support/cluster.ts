import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {AGENT_FLAGS} from '../../src/agent/flags.js';
import {type RunningAgent, startAgent} from '../../src/agent/start.js';
import {parseFlags} from '../../src/common/flags.js';
import {MASTER_FLAGS} from '../../src/master/flags.js';
import {type RunningMaster, startMaster} from '../../src/master/start.js';
import {bundleAgent} from './agent-program.js';
import {TestClock} from './clock.js';
import {TestFramework} from './framework.js';

/** Masters, agents and frameworks on loopback, in a temporary directory. `close` stops all of them. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'hw5-mesos-'));
  readonly log: string[] = [];
  /** The time of masters and agents, except those in a process of their own. */
  readonly clock = new TestClock();
  readonly #frameworks: TestFramework[] = [];
  readonly #running = new Set<{stop(): Promise<void>}>();
  #agentPort = 0;

  async master(...flags: string[]): Promise<RunningMaster> {
    const argv = ['--ip=127.0.0.1', '--port=0', '--registry=in_memory', '--allocation_interval=200ms', ...flags];
    const parsed = parseFlags(MASTER_FLAGS, withoutOverridden(argv), {});
    return this.#keep(await startMaster(parsed, (line) => this.log.push(`master: ${line}`), this.clock));
  }

  /** Starts an agent in this process. All agents of a cluster use the same port and directory, so that a later one is the same agent. */
  async agent(master: {readonly port: number}, ...flags: string[]): Promise<RunningAgent> {
    const agent = await startAgent(
      parseFlags(AGENT_FLAGS, this.#agentFlags(master.port, flags), {}),
      (line) => this.log.push(`agent: ${line}`),
      () => undefined,
      this.clock,
    );
    this.#agentPort = agent.port;
    return this.#keep(agent);
  }

  /** Starts the agent as a process of its own, which a test can kill. */
  async agentProcess(master: {readonly port: number}, ...flags: string[]): Promise<ChildProcess> {
    if (this.#agentPort === 0) this.#agentPort = await freePort();
    const program = join(this.directory, 'mesos-agent.cjs');
    if (!existsSync(program)) writeFileSync(program, await agentBundle());
    const argv = [program, ...this.#agentFlags(master.port, flags)];
    const child = spawn(process.execPath, argv, {stdio: ['ignore', 'ignore', 'pipe']});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.push(`agent ${child.pid}: ${text}`));
    this.#keep({
      stop: async () => {
        child.kill('SIGKILL');
      },
    });
    return child;
  }

  framework(master: RunningMaster, headers: Readonly<Record<string, string>> = {}): TestFramework {
    const framework = new TestFramework(master.port, headers);
    this.#frameworks.push(framework);
    return framework;
  }

  /** The sandbox of the last run of a task. */
  sandbox(framework: TestFramework, taskId: string): string {
    const slaves = join(this.directory, 'agent', 'slaves');
    return join(slaves, readdirSync(slaves)[0]!, 'frameworks', framework.id, 'executors', taskId, 'runs', 'latest');
  }

  async close(): Promise<void> {
    for (const framework of this.#frameworks) framework.disconnect();
    for (const running of this.#running) await running.stop().catch(() => undefined);
    // Tasks outlive their agents.
    for (const containers of ['run/containers', 'docker/containers']) await killContainers(join(this.directory, containers));
    rmSync(this.directory, {recursive: true, force: true});
  }

  #agentFlags(masterPort: number, flags: readonly string[]): string[] {
    return withoutOverridden([
      `--master=127.0.0.1:${masterPort}`,
      '--ip=127.0.0.1',
      `--port=${this.#agentPort}`,
      `--work_dir=${join(this.directory, 'agent')}`,
      `--runtime_dir=${join(this.directory, 'run')}`,
      '--resources=cpus:2;mem:2048;disk:2048;ports:[31000-32000]',
      '--attributes=rack:r1;zone:z1',
      '--registration_backoff_factor=100ms',
      ...flags,
    ]);
  }

  #keep<T extends {stop(): Promise<void>}>(running: T): T {
    this.#running.add(running);
    return running;
  }
}

let bundle: Promise<string> | undefined;

/** The program mesos-agent, bundled once per test file. */
function agentBundle(): Promise<string> {
  bundle ??= bundleAgent();
  return bundle;
}

/** Flags may be given only once: keeps the last of each. */
function withoutOverridden(flags: readonly string[]): string[] {
  return [...new Map(flags.map((flag) => [flag.split('=')[0], flag])).values()];
}

/** Kills the process groups of containers. One that has just been started writes its pid a little later. */
async function killContainers(directory: string): Promise<void> {
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const pid = join(directory, name, 'pid');
    for (let attempt = 0; !existsSync(pid) && attempt < 50; attempt++) await wait(10);
    try {
      process.kill(-Number(readFileSync(pid, 'utf8')), 'SIGKILL');
    } catch {
      // It has already exited.
    }
  }
}

/** A free port below those that Linux assigns itself, so that it stays free until it is used. */
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
