import {EtcdClient} from '../etcd/client.js';
import {journalLog, reasonOf} from '../log.js';
import {readEnvironment} from '../node/environment.js';
import {run} from '../process.js';
import {inspectNetwork} from './docker-network.js';
import {ipamHandlers} from './ipam-driver.js';
import {networkHandlers} from './network-driver.js';
import {IPAM_SOCKET, NETWORK_SOCKET, servePlugin} from './server.js';

process.title = 'calico-libnetwork';
const log = journalLog((line) => process.stderr.write(line));

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const etcd = new EtcdClient(environment.etcdEndpoints);
  const servers = [
    await servePlugin(IPAM_SOCKET, ipamHandlers(etcd, environment.nodeName), log),
    await servePlugin(NETWORK_SOCKET, networkHandlers({etcd, environment, run, networkName: inspectNetwork, log}), log),
  ];
  log.info(`Starting libnetwork service for node ${environment.nodeName}`);
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    // Closing removes the sockets and lets pending calls finish.
    process.once(name, () => {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
      }
    });
  }
}

main().catch((error: unknown) => {
  log.warn(reasonOf(error));
  process.exit(1);
});
