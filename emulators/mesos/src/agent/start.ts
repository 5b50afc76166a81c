import {randomUUID} from 'node:crypto';
import {mkdirSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import type {Flags} from '../common/flags.js';
import {createHttpServer, type Handler} from '../common/http-server.js';
import type {Log} from '../common/log.js';
import {Agent} from './agent.js';
import {CommandContainerizer} from './containers/command.js';
import type {Containerizer} from './containers/container.js';
import {DockerContainerizer} from './containers/docker.js';
import {endpoints} from './endpoints.js';
import {taskEnvironment} from './environment.js';
import {agentIp, checkAgentFlags, describeAgent, recoverIdentity} from './identity.js';
import {MasterConnection} from './master-connection.js';
import {Store} from './store.js';

export interface RunningAgent {
  readonly port: number;
  /** As SIGTERM: the tasks go on. */
  stop(): Promise<void>;
  /** As SIGUSR1: unregisters and ends the tasks. */
  unregister(): Promise<void>;
}

/** How often time is looked at, in ms. */
const TICK = 200;

/**
 * Starts an agent.
 * @param onShutdown called after the master told it to end and it has ended
 * @throws {UsageError} for flags that make no sense, {EmulatorError} for a work directory of another agent
 */
export async function startAgent(flags: Flags, log: Log, onShutdown: (message: string) => void): Promise<RunningAgent> {
  const target = checkAgentFlags(flags);
  const workDir = flags.required('work_dir');
  const runtimeDir = flags.required('runtime_dir');
  mkdirSync(join(workDir, 'slaves'), {recursive: true});
  const now = (): number => Date.now() / 1000;
  const startedAt = now();
  const ip = agentIp(flags);
  let answer: Handler = () => ({status: 503, text: 'Agent has not finished recovery'});
  const server = createHttpServer(
    (request) => answer(request),
    (error) => log(`bug: ${error instanceof Error ? error.stack : String(error)}`),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(flags.number('port'), flags.required('ip'), resolve);
  });
  const {port} = server.address() as AddressInfo;
  const closeServer = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };

  try {
    const store = new Store(workDir);
    const info = describeAgent(flags, port);
    const recovered = recoverIdentity(store, info);
    const containerizers = makeContainerizers(flags, runtimeDir, {ip, port});
    const parts = {
      store,
      workDir,
      ip,
      containerizers,
      launchTimeout: flags.seconds('executor_registration_timeout'),
      switchesUser: flags.isOn('switch_user'),
      removeDelay: flags.seconds('docker_remove_delay'),
      log,
      now,
      newId: randomUUID,
      call: (call: Parameters<MasterConnection['call']>[0]) => link.call(call),
      onShutdown: (message: string) => void end(message),
    };
    const agent = new Agent(parts, info, recovered);
    const link = new MasterConnection({
      ...target,
      backoff: flags.seconds('registration_backoff_factor'),
      log,
      registration: () => agent.registration(),
      onMessage: (message) => agent.handle(message),
    });
    await agent.recover(flags.string('recover') === 'cleanup');
    const shown = {agent, flags, ip, master: target.host, startedAt, now, isRegistered: () => link.isConnected};
    answer = (request) => endpoints(shown, request);
    const timer = setInterval(() => agent.tick(), TICK);
    void link.run();
    log(`agent listens on ${flags.required('ip')}:${port}, its master is ${target.host}:${target.port}`);

    const stop = async (): Promise<void> => {
      clearInterval(timer);
      agent.close();
      link.close();
      await closeServer();
    };
    const end = async (message: string): Promise<void> => {
      await agent.shutdown();
      await stop();
      onShutdown(message);
    };
    return {
      port,
      stop,
      unregister: async () => {
        await link.call({type: 'UNREGISTER'});
        await end('unregistered');
      },
    };
  } catch (error) {
    await closeServer();
    throw error;
  }
}

function makeContainerizers(
  flags: Flags,
  runtimeDir: string,
  about: {ip: string; port: number},
): Partial<Record<'docker' | 'mesos', Containerizer>> {
  const names = flags.required('containerizers').split(',');
  const stopTimeout = flags.optionalSeconds('docker_stop_timeout') ?? flags.seconds('executor_shutdown_grace_period');
  const result: Partial<Record<'docker' | 'mesos', Containerizer>> = {};
  if (names.includes('docker')) {
    result.docker = new DockerContainerizer({
      docker: flags.required('docker'),
      socket: flags.required('docker_socket'),
      sandboxDirectory: flags.required('sandbox_directory'),
      isCfsEnabled: flags.isOn('cgroups_enable_cfs'),
      stopTimeout,
      killsOrphans: flags.isOn('docker_kill_orphans'),
    });
  }
  if (names.includes('mesos')) {
    const environment = (record: Parameters<typeof taskEnvironment>[0]) => taskEnvironment(record, about);
    result.mesos = new CommandContainerizer({runtimeDir, switchesUser: flags.isOn('switch_user'), environment});
  }
  return result;
}
