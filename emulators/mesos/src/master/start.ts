import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {type Clock, repeat, SYSTEM_CLOCK} from '../common/clock.js';
import type {Flags} from '../common/flags.js';
import {createHttpServer} from '../common/http-server.js';
import type {Log} from '../common/log.js';
import {parseCredentials} from './credentials.js';
import {Master} from './master.js';
import {recoverRegistry} from './registry.js';
import {checkMasterFlags, masterInfo, masterSettings} from './settings.js';
import {emptyState} from './state.js';

export interface RunningMaster {
  readonly port: number;
  stop(): Promise<void>;
}

/** The interval of the state machine's `tick` input, in seconds. */
const TICK = 0.05;

/**
 * Starts a master.
 * @throws {UsageError} for invalid flags
 */
export async function startMaster(flags: Flags, log: Log, clock: Clock = SYSTEM_CLOCK): Promise<RunningMaster> {
  checkMasterFlags(flags);
  const credentialsPath = flags.string('credentials')?.replace(/^file:\/\//, '');
  const credentials =
    credentialsPath === undefined
      ? new Map<string, string>()
      : parseCredentials(readFileSync(credentialsPath, 'utf8'), credentialsPath);
  const id = randomUUID();
  const state = emptyState(id, clock.now());
  const workDir = flags.string('work_dir');
  const registryPath = flags.string('registry') === 'replicated_log' ? join(workDir!, 'hw5-registry.json') : undefined;
  if (registryPath !== undefined) recoverRegistry(state, registryPath, clock.now() + flags.seconds('agent_reregister_timeout'));

  let master: Master | undefined;
  const server = createHttpServer(
    (request) => master?.answer(request) ?? (master ? undefined : {status: 503, text: 'Master has not finished recovery'}),
    (error) => log(`bug: ${error instanceof Error ? error.stack : String(error)}`),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(flags.number('port'), flags.required('ip'), resolve);
  });
  const {port} = server.address() as AddressInfo;
  const settings = masterSettings(flags, masterInfo(flags, id, port));
  const security = {
    credentials,
    isFrameworkAuthenticated: flags.isOn('authenticate_http_frameworks'),
    isReadAuthenticated: flags.isOn('authenticate_http_readonly'),
    isWriteAuthenticated: flags.isOn('authenticate_http_readwrite'),
  };
  const running = new Master({flags, security, log, newId: randomUUID, registryPath}, {state, settings, now: () => clock.now()});
  master = running;
  const stopTicking = repeat(clock, TICK, () => running.handle({kind: 'tick'}));
  log(`master ${id} listens on ${flags.required('ip')}:${port}`);
  return {
    port,
    stop: async () => {
      stopTicking();
      running.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
