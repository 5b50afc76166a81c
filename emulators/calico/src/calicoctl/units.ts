import {request} from 'node:http';
import {setTimeout as delay} from 'node:timers/promises';
import type {AgentStatus} from '../agent/status-server.js';
import {AGENT_SOCKET} from '../agent/status-server.js';
import {BIRD_SOCKETS, queryBird} from '../bird/control.js';
import {reasonOf} from '../log.js';
import type {NodeEnvironment} from '../node/environment.js';
import {IPAM_SOCKET, NETWORK_SOCKET} from '../plugin/server.js';

export const UNITS = {agent: 'calico-felix.service', bird: 'calico-bird.service', plugin: 'calico-libnetwork.service'} as const;
/** How long `node run` waits until all parts reply, milliseconds. */
const READY_LIMIT_MS = 30_000;

type Parts = Pick<NodeEnvironment, 'backend' | 'isLibnetworkEnabled'>;

/** The units that a node runs, in the order in which they start, and those that it must not run. */
export function unitsOf({backend, isLibnetworkEnabled}: Parts): {
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
} {
  const isEnabled = [
    [UNITS.agent, true],
    [UNITS.bird, backend === 'bird'],
    [UNITS.plugin, isLibnetworkEnabled],
  ] as const;
  return {
    enabled: isEnabled.filter(([, enabled]) => enabled).map(([unit]) => unit),
    disabled: isEnabled.filter(([, enabled]) => !enabled).map(([unit]) => unit),
  };
}

/** Waits until every part replies. @throws Error after 30 s, with the reason of each part that does not */
export async function waitUntilReady(environment: NodeEnvironment): Promise<void> {
  const checks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['calico-felix', () => checkAgent(environment.nodeName)],
    ...(environment.backend === 'bird' ? [['bird', () => queryBird(BIRD_SOCKETS[0], 'show status')] as const] : []),
    ...(environment.isLibnetworkEnabled
      ? [NETWORK_SOCKET, IPAM_SOCKET].map((socket) => [socket, () => call(socket, 'POST', '/Plugin.Activate')] as const)
      : []),
  ];
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const results = await Promise.all(
      checks.map(([name, check]) =>
        check().then(
          () => undefined,
          (error) => `${name}: ${reasonOf(error)}`,
        ),
      ),
    );
    const failures = results.filter((result) => result !== undefined);
    if (failures.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(
        `not ready after ${READY_LIMIT_MS / 1000} s (${failures.join('; ')}), check /var/log/calico/*/current for details`,
      );
    }
    await delay(200);
  }
}

async function checkAgent(nodeName: string): Promise<void> {
  const status = JSON.parse(await call(AGENT_SOCKET, 'GET', '/')) as AgentStatus;
  if (status.node !== nodeName) throw new Error(`runs for node ${status.node}`);
  if (!status.isSynchronised) throw new Error('is not synchronised yet');
}

function call(socketPath: string, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({socketPath, method, path, timeout: 3_000}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(Buffer.concat(chunks).toString())
          : reject(new Error(`replied with status ${response.statusCode}`)),
      );
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
