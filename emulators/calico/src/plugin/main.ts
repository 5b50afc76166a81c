import {existsSync} from 'node:fs';
import type {Server} from 'node:http';
import {EtcdClient} from '../etcd/client.js';
import {logrusLog, reasonOf} from '../log.js';
import {readEnvironment} from '../node/environment.js';
import {run} from '../process.js';
import {AFTER_DOCKER, serveWhileDockerRuns} from './after-docker.js';
import {inspectNetwork} from './docker-network.js';
import {ipamHandlers} from './ipam-driver.js';
import {networkHandlers} from './network-driver.js';
import {IPAM_SOCKET, NETWORK_SOCKET, servePlugin} from './server.js';

process.title = 'calico-libnetwork';
const log = logrusLog((line) => process.stderr.write(line));

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const environment = readEnvironment(process.env);
  const etcd = new EtcdClient(environment.etcdEndpoints);
  let servers: Server[] = [];
  const open = async () => {
    servers = [
      await servePlugin(IPAM_SOCKET, ipamHandlers(etcd, environment.nodeName), log),
      await servePlugin(NETWORK_SOCKET, networkHandlers({etcd, environment, run, networkName: inspectNetwork, log}), log),
    ];
    log.info(`Starting libnetwork service for node ${environment.nodeName}`);
  };
  if (existsSync(AFTER_DOCKER)) {
    const close = () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      log.info('dockerd is not ready, the plugin stops');
    };
    await serveWhileDockerRuns(run, {open, close}, stop.signal);
    return;
  }
  await open();
  stop.signal.addEventListener('abort', () => {
    // Closing removes the sockets and lets pending calls finish.
    for (const server of servers) {
      server.close();
      server.closeIdleConnections();
    }
  });
}

main().catch((error: unknown) => {
  log.warn(reasonOf(error));
  process.exit(1);
});
