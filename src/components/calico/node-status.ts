import type {ClusterNode} from '../../cluster/cluster.js';
import type {Fact, FactOutput} from '../../engine/fact.js';
import {HOPELESS} from '../../engine/step.js';
import {redact} from '../../support/redact.js';
import {template} from '../../support/template.js';

/**
 * Calico's settings leave BGP no other port. hw5 never connects to it: BIRD with graceful restart takes a connection from a peer's address for the
 * peer's restart and resets the session (RFC 4724, section 5).
 */
export const BGP_PORT = 179;

/** Prints the BGP peers of the node it runs on. Exits with 127 where calicoctl is missing. */
export const NODE_STATUS = 'command -v calicoctl >/dev/null || exit 127; calicoctl node status';

/** A row of `calicoctl node status`. */
export interface BgpPeer {
  readonly address: string;
  readonly type: string;
  readonly state: string;
  readonly since: string;
  readonly info: string;
}

/** Whether the BGP session with the peer is up. */
export function isEstablished({info}: BgpPeer): boolean {
  return info.startsWith('Established');
}

/** What a node reports of itself. */
export interface NodeHealth {
  /** Whether Felix runs and keeps running. */
  readonly isRunning: boolean;
  /** Why it does not. */
  readonly problem: string;
  readonly peers: readonly BgpPeer[];
}

/** Felix runs when it has run for so many seconds: one that cannot start exits within one. More would delay `status`. */
const SETTLE_SECONDS = 3;
/** After a start it is waited for anyway, until it has its BGP sessions: some exit only when they have read all of etcd. */
const SETTLE_WAITING_SECONDS = 8;

/** As NODE_STATUS, but a Felix that exits soon after each start does not count as running. */
export const NODE_HEALTH: Fact<NodeHealth> = {
  script: `SETTLE=${SETTLE_SECONDS} SETTLE_WAITING=${SETTLE_WAITING_SECONDS} HOPELESS=${HOPELESS}\n${template('calico/node-status.sh')}`,
  command: 'calicoctl node status',
  parse: readHealth,
};

/** Reads the output of NODE_HEALTH's script. */
export function readHealth({code, stdout}: FactOutput): NodeHealth {
  const log = /^Felix: (.*)$/m.exec(stdout)?.[1];
  const table = stdout.replace(/^Felix: .*$/m, '').trim();
  return {
    isRunning: code === 0,
    problem: log === undefined ? 'the node does not run' : `Felix does not keep running (${redact(log)})`,
    peers: code === 0 ? parsePeers(table) : [],
  };
}

/** The BGP peers that the node reports. */
export const peersFact: Fact<readonly BgpPeer[]> = {
  ...NODE_HEALTH,
  whenTimedOut: [],
  parse: (output) => readHealth(output).peers,
};

/** The nodes among these with which the node has no established session. */
export function withoutSession(nodes: readonly ClusterNode[], peers: readonly BgpPeer[]): readonly ClusterNode[] {
  const established = new Set(peers.filter(isEstablished).map(({address}) => address));
  return nodes.filter(({address}) => !established.has(address));
}

/** Parses the table of `calicoctl node status`. A cell that was wrapped continues in the next row, whose first cell is empty. */
export function parsePeers(table: string): readonly BgpPeer[] {
  const rows: string[][] = [];
  for (const line of table.split('\n')) {
    if (!line.startsWith('|')) continue;
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length !== 5 || cells[0] === 'PEER ADDRESS') continue;
    const previous = rows.at(-1);
    if (cells[0] === '' && previous)
      cells.forEach((cell, index) => {
        if (cell !== '') previous[index] = `${previous[index]} ${cell}`.trim();
      });
    else rows.push(cells);
  }
  return rows.map(([address, type, state, since, info]) => ({
    address: address!,
    type: type!,
    state: state!,
    since: since!,
    info: info!,
  }));
}
