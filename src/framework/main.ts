import {readFile, stat} from 'node:fs/promises';
import {parseArgs} from 'node:util';
import type {SchedulerConfiguration} from '../scheduler-api/configuration.js';
import {ConfigError, Hw5Error, UsageError} from '../support/errors.js';
import {type FreeRequest, freeAddress, processRunner} from './address-freer.js';
import {serveApi} from './api.js';
import {type Credentials, MesosClient} from './client.js';
import {systemClock} from './clock.js';
import {parseConfig} from './config.js';
import {EtcdKeyValues} from './etcd.js';
import {explainEnd} from './executor-output.js';
import {Instance} from './instance.js';
import {messageOf} from './message-of.js';
import {defaultSettings} from './settings.js';
import {tearDown} from './teardown.js';

const USAGE = `hw5-scheduler --config FILE [--teardown]

  The Mesos framework of hw5. SIGTERM terminates it and leaves the tasks running; SIGHUP reads the task list again.
  --teardown  removes the framework, its tasks and its records`;
const TEARDOWN_SECONDS = 45;
/** A failover takes this long, plus one to three seconds. */
const LEASE_SECONDS = 8;

/** The journal reads the level of a line from its prefix. */
const isInJournal = process.env.JOURNAL_STREAM !== undefined;
const log = (level: 'info' | 'warn', message: string): void => {
  const prefix = isInJournal ? (level === 'warn' ? '<4>' : '<6>') : '';
  process.stderr.write(`${prefix}${message}\n`);
};

async function main(): Promise<void> {
  const options = readArguments();
  if (options === undefined) return;
  const {config, changedAt} = await loadConfig(options.config);
  // At the start an unreadable secret is an error; later it is logged and read again.
  await loadCredentials(config);
  const runner = processRunner(process.env);
  const parts = {
    node: config.node,
    name: config.name,
    kv: new EtcdKeyValues(config.etcd),
    client: new MesosClient({
      master: config.master,
      framework: frameworkInfo(config),
      credentials: () => loadCredentials(config),
    }),
    settings: {...defaultSettings, role: config.role, agents: config.agents},
    leaseSeconds: LEASE_SECONDS,
    clock: systemClock,
    freeAddress: (request: FreeRequest, isHeld: () => boolean) => freeAddress(request, config.etcd, runner, isHeld),
    explainEnd,
    log,
  };
  if (options.teardown) {
    await tearDown({...parts, limitSeconds: TEARDOWN_SECONDS});
    return;
  }
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const instance = new Instance(parts, {tasks: config.tasks, at: changedAt});
  process.on('SIGHUP', () => {
    loadConfig(options.config).then(
      (fresh) => instance.updateConfiguration(fresh.config.tasks, fresh.changedAt),
      (error: unknown) => log('warn', `the configuration was rejected: ${messageOf(error)}`),
    );
  });
  const server = await serveApi(instance, config.listen, systemClock.now);
  try {
    await instance.run(stop.signal);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function readArguments(): {config: string; teardown: boolean} | undefined {
  try {
    const {values} = parseArgs({
      options: {config: {type: 'string'}, teardown: {type: 'boolean'}, help: {type: 'boolean', short: 'h'}},
    });
    if (values.help === true) {
      process.stdout.write(`${USAGE}\n`);
      return undefined;
    }
    if (values.config === undefined) throw new UsageError('--config is missing', {hint: USAGE});
    return {config: values.config, teardown: values.teardown === true};
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error), {hint: USAGE});
  }
}

async function loadConfig(file: string): Promise<{config: SchedulerConfiguration; changedAt: number}> {
  try {
    const [text, {mtimeMs}] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return {config: parseConfig(text, file), changedAt: mtimeMs};
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(`${file} cannot be read: ${messageOf(error)}`, {file});
  }
}

async function loadCredentials(config: SchedulerConfiguration): Promise<Credentials | undefined> {
  if (config.principal === undefined || config.secretFile === undefined) return undefined;
  const file = config.secretFile;
  const {mode} = await stat(file).catch((cause: unknown) => {
    throw new ConfigError(`the secret cannot be read: ${messageOf(cause)}`, {file, path: 'secretFile'});
  });
  if ((mode & 0o077) !== 0)
    throw new ConfigError(`${file} can be read by others`, {file, path: 'secretFile'}, {hint: `chmod 600 ${file}`});
  return {principal: config.principal, secret: (await readFile(file, 'utf8')).trimEnd()};
}

function frameworkInfo(config: SchedulerConfiguration) {
  return {
    user: config.user,
    name: config.name,
    // With 0, the default, the master would kill all tasks as soon as the scheduler disconnects.
    failover_timeout: config.failoverTimeoutSeconds,
    checkpoint: true,
    hostname: config.node,
    ...(config.principal === undefined ? {} : {principal: config.principal}),
    roles: [config.role],
    capabilities: [{type: 'PARTITION_AWARE'}, {type: 'TASK_KILLING_STATE'}, {type: 'MULTI_ROLE'}],
  };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof Hw5Error) log('warn', error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
    else log('warn', error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(error instanceof Hw5Error ? error.exitCode : 1);
  },
);
