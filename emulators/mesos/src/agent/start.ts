import {randomUUID} from 'node:crypto';
import {mkdirSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {type Clock, repeat, SYSTEM_CLOCK} from '../common/clock.js';
import type {Flags} from '../common/flags.js';
import {createHttpServer, type Handler} from '../common/http-server.js';
import type {Log} from '../common/log.js';
import {Agent} from './agent.js';
import {CommandContainerizer} from './containers/command.js';
import type {Containerizer} from './containers/container.js';
import {DockerContainerizer} from './containers/docker.js';
import {endpoints} from './endpoints.js';
import {taskEnvironment} from './environment.js';
import {agentIp, checkAgentFlags, checkContainerizers, describeAgent, recoverIdentity} from './identity.js';
import {MasterConnection} from './master-connection.js';
import {Store} from './store.js';

export interface RunningAgent {
  readonly port: number;
  /** Stops the agent, as SIGTERM does. The tasks continue. */
  stop(): Promise<void>;
  /** Unregisters the agent and kills its tasks, as SIGUSR1 does. */
  unregister(): Promise<void>;
}

/** The interval of `Agent.tick`, in seconds. */
const TICK = 0.2;

/**
 * Starts an agent.
 * @param onShutdown called when the agent has shut down on behalf of the master or after `unregister`
 * @throws {UsageError} for invalid flags, {EmulatorError} when the work directory belongs to another agent
 */
export async function startAgent(
  flags: Flags,
  log: Log,
  onShutdown: (message: string) => void,
  clock: Clock = SYSTEM_CLOCK,
): Promise<RunningAgent> {
  const target = checkAgentFlags(flags);
  const workDir = flags.required('work_dir');
  const runtimeDir = flags.required('runtime_dir');
  mkdirSync(join(workDir, 'slaves'), {recursive: true});
  const startedAt = clock.now();
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
    const containerizers = makeContainerizers(flags, runtimeDir, {ip, port}, clock);
    await checkContainerizers(containerizers, store);
    const parts = {
      store,
      workDir,
      ip,
      containerizers,
      launchTimeout: flags.seconds('executor_registration_timeout'),
      switchesUser: flags.isOn('switch_user'),
      removeDelay: flags.seconds('docker_remove_delay'),
      log,
      clock,
      newId: randomUUID,
      call: (call: Parameters<MasterConnection['call']>[0]) => connection.call(call),
      onShutdown: (message: string) => void shutDown(message),
    };
    const agent = new Agent(parts, info, recovered);
    const connection = new MasterConnection({
      ...target,
      backoff: flags.seconds('registration_backoff_factor'),
      waitsForPings: flags.isOn('hw5_waits_for_pings'),
      log,
      clock,
      registration: () => agent.registration(),
      onMessage: (message) => agent.handle(message),
    });
    await agent.recover(flags.string('recover') === 'cleanup');
    const context = {
      agent,
      flags,
      ip,
      master: target.host,
      startedAt,
      now: () => clock.now(),
      isRegistered: () => connection.isRegistered,
    };
    answer = (request) => endpoints(context, request);
    const stopTicking = repeat(clock, TICK, () => agent.tick());
    void connection.run();
    log(`agent listens on ${flags.required('ip')}:${port}, its master is ${target.host}:${target.port}`);

    const stop = async (): Promise<void> => {
      stopTicking();
      agent.close();
      connection.close();
      await closeServer();
    };
    const shutDown = async (message: string): Promise<void> => {
      await agent.shutdown();
      await stop();
      onShutdown(message);
    };
    return {
      port,
      stop,
      unregister: async () => {
        await connection.call({type: 'UNREGISTER'});
        await shutDown('unregistered');
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
  address: {ip: string; port: number},
  clock: Clock,
): Partial<Record<'docker' | 'mesos', Containerizer>> {
  const names = flags.required('containerizers').split(',');
  const stopTimeout = flags.optionalSeconds('docker_stop_timeout') ?? flags.seconds('executor_shutdown_grace_period');
  const result: Partial<Record<'docker' | 'mesos', Containerizer>> = {};
  if (names.includes('docker')) {
    result.docker = new DockerContainerizer(
      {
        docker: flags.required('docker'),
        socket: flags.required('docker_socket'),
        sandboxDirectory: flags.required('sandbox_directory'),
        isCfsEnabled: flags.isOn('cgroups_enable_cfs'),
        stopTimeout,
        killsOrphans: flags.isOn('docker_kill_orphans'),
        executorImage: flags.string('docker_mesos_image'),
      },
      clock,
    );
  }
  if (names.includes('mesos')) {
    const environment = (record: Parameters<typeof taskEnvironment>[0]) => taskEnvironment(record, address);
    result.mesos = new CommandContainerizer({runtimeDir, switchesUser: flags.isOn('switch_user'), clock, environment});
  }
  return result;
}
