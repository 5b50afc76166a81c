import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {EtcdClient} from '../etcd/client.js';
import {EtcdUnavailableError} from '../etcd/errors.js';
import {felixLog, reasonOf} from '../log.js';
import {readEnvironment} from '../node/environment.js';
import {registerNode} from '../node/startup.js';
import {run} from '../process.js';
import {Agent} from './agent.js';
import {runAgent} from './loop.js';
import {calicoInterfaces} from './routes.js';
import {AGENT_SOCKET, RUN_DIRECTORY, serveStatus} from './status-server.js';

// `calicoctl node status` searches for a process of this name.
process.title = 'calico-felix';
const log = felixLog((line) => process.stderr.write(line), process.pid);

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const environment = readEnvironment(process.env);
  await rejectLooseFilter();
  // As Felix: interfaces that are made later check the source of packets strictly.
  await writeFile('/proc/sys/net/ipv4/conf/default/rp_filter', '1');
  const etcd = new EtcdClient(environment.etcdEndpoints);
  const agent = new Agent({environment, etcd, run, log, interfaces: calicoInterfaces});
  await mkdir(RUN_DIRECTORY, {recursive: true});
  const server = await serveStatus(AGENT_SOCKET, () => ({node: environment.nodeName, isSynchronised: agent.isSynchronised}));

  for (let isReported = false; !stop.signal.aborted; isReported = true) {
    try {
      await registerNode(etcd, environment, log.info);
      break;
    } catch (error) {
      if (!(error instanceof EtcdUnavailableError)) throw error;
      if (!isReported) log.warn(`ERROR: Unable to access datastore to query node configuration: ${error.message}`);
      await delay(2_000, undefined, {signal: stop.signal}).catch(() => {});
    }
  }
  await runAgent(agent, etcd, stop.signal);
  // Routes, rules and BIRD's configuration stay: traffic continues while the agent is stopped.
  server.close();
}

/** As Felix does: with the loose check (Ubuntu's default) a container could send packets from another one's address. */
async function rejectLooseFilter(): Promise<void> {
  const value = (await readFile('/proc/sys/net/ipv4/conf/all/rp_filter', 'utf8')).trim();
  if (value !== '2') return;
  throw new Error(
    "Kernel's RPF check is set to 'loose'. This would allow endpoints to spoof their IP address. Calico requires " +
      'net.ipv4.conf.all.rp_filter to be set to 0 or 1.',
  );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    log.warn(reasonOf(error));
    process.exit(1);
  },
);
