import {mkdir, rename, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {writeBirdConfig} from '../agent/bird-sync.js';
import {renderBirdConfig} from '../bird/config.js';
import {EtcdClient} from '../etcd/client.js';
import {reasonOf} from '../log.js';
import {BGP_HOSTS, CALICO} from '../model/keys.js';
import {parseSnapshot} from '../model/snapshot.js';
import {ENVIRONMENT_FILE, type NodeEnvironment, renderEnvironment} from '../node/environment.js';
import {detectAddress, findInterface} from '../node/interfaces.js';
import {NodeConflictError, registerNode} from '../node/startup.js';
import {runOrThrow} from '../process.js';
import {loadEndpoints} from './config.js';
import {CommandFailure, type Io} from './io.js';
import {prepareKernel} from './kernel.js';
import {dryRunText} from './node-run-docker.js';
import {type NodeRunOptions, parseNodeRunOptions} from './node-run-options.js';
import {requireRoot} from './root.js';
import {unitsOf, waitUntilReady} from './units.js';

/**
 * `calicoctl node run`. Upstream starts a container, this one starts systemd units; the other output is the same. It succeeds only when the
 * agent, BIRD and both plugin sockets reply. A failure before the units are started leaves a running node unchanged.
 */
export async function nodeRun(io: Io, args: readonly string[]): Promise<number> {
  const options = parseNodeRunOptions(args, io.hostname);
  const print = (line: string) => io.print(`${line}\n`);
  const endpoints = await loadEndpoints(io, options.config).catch(() => {
    throw new CommandFailure('Error executing command: invalid config file');
  });
  if (options.isDryRun) {
    io.print(dryRunText(options, endpoints));
    return 0;
  }
  requireRoot(io);
  await prepareKernel(io.run, print);

  const etcd = new EtcdClient(endpoints);
  const environment = await register(options, endpoints, etcd, print);
  print('Removing old calico-node container (if running).');
  await io.run(['docker', 'rm', '-f', 'calico-node']);
  await startUnits(io, environment, etcd, print);
  print('Calico node started successfully');
  return 0;
}

async function register(
  options: NodeRunOptions,
  etcdEndpoints: readonly string[],
  etcd: EtcdClient,
  print: (line: string) => void,
): Promise<NodeEnvironment> {
  try {
    const environment = {...options.environment, ...(await decideAddress(options, etcd, print)), etcdEndpoints};
    await registerNode(etcd, environment, print);
    return environment;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    print(error instanceof NodeConflictError ? error.message : 'ERROR: Unable to access datastore to query node configuration');
    if (!(error instanceof NodeConflictError)) print(reasonOf(error));
    throw new CommandFailure('Error executing command: calico/node has terminated, check logs for details');
  }
}

async function decideAddress(
  {ip, name, autodetection}: NodeRunOptions,
  etcd: EtcdClient,
  print: (line: string) => void,
): Promise<Pick<NodeEnvironment, 'address' | 'network'>> {
  if (ip !== undefined && ip !== 'autodetect') {
    print(`Using IPv4 address from environment: IP=${ip}`);
    const found = findInterface(ip);
    if (found === undefined) print(`WARNING: Unable to confirm IPv4 address ${ip} is assigned to this host`);
    else print(`IPv4 address ${ip} discovered on interface ${found.name}`);
    // The network is not looked up: upstream reads an address without a mask as a /32.
    return {address: ip, network: `${ip}/32`};
  }
  const stored = ip === undefined ? (await etcd.get(`${BGP_HOSTS}/${name}/ip_addr_v4`))?.node.value : undefined;
  if (stored) {
    print(`Using IPv4 address configured in node: ${stored}`);
    return {address: stored, network: (await etcd.get(`${BGP_HOSTS}/${name}/network_v4`))?.node.value || `${stored}/32`};
  }
  const found = detectAddress(autodetection);
  if (found === undefined) {
    throw new CommandFailure('Unable to autodetect an IPv4 address using interface method: use the --ip option to specify one');
  }
  print(`Using autodetected IPv4 address on interface ${found.name}: ${found.address}/${found.network.split('/')[1]}`);
  return {address: found.address, network: found.network};
}

async function startUnits(io: Io, environment: NodeEnvironment, etcd: EtcdClient, print: (line: string) => void): Promise<void> {
  try {
    await writeAtomically(ENVIRONMENT_FILE, renderEnvironment(environment));
    if (environment.backend === 'bird') {
      // BIRD's unit starts before the agent has written a configuration.
      const snapshot = parseSnapshot((await etcd.get(CALICO, {recursive: true}))?.node);
      await writeBirdConfig(io.run, renderBirdConfig({node: environment.nodeName, address: environment.address}, snapshot));
    }
    const {enabled, disabled} = unitsOf(environment);
    if (disabled.length > 0) await runOrThrow(io.run, ['systemctl', 'disable', '--now', '--quiet', ...disabled]);
    print("This is the lab's Calico emulator: it runs systemd units instead of a calico/node container.");
    print(`Running command to start them: ${startCommand(environment).join(' ')}`);
    await runOrThrow(io.run, ['systemctl', 'enable', '--quiet', ...enabled]);
    await runOrThrow(io.run, ['systemctl', 'restart', ...enabled]);
    print('Units started, waiting for their replies.');
    if (environment.isLibnetworkEnabled) print('Starting libnetwork service');
    await waitUntilReady(environment).catch(async (error: unknown) => {
      // Upstream's output at this point is its container's, which has the reason of its failure.
      const {stdout} = await io.run(['tail', '-n', '5', `${environment.logDirectory}/felix/current`]);
      print(stdout.trimEnd());
      throw error;
    });
  } catch (error) {
    throw new CommandFailure(`Error executing command: ${reasonOf(error)}`);
  }
}

function startCommand(environment: Pick<NodeEnvironment, 'backend' | 'isLibnetworkEnabled'>): string[] {
  return ['systemctl', 'enable', '--now', ...unitsOf(environment).enabled];
}

async function writeAtomically(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(`${path}.new`, text, {mode: 0o644});
  await rename(`${path}.new`, path);
}
