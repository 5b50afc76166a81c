import type {Fact} from '../../engine/fact.js';

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

/** The BGP peers that the node reports. */
export const peersFact: Fact<readonly BgpPeer[]> = {
  script: NODE_STATUS,
  whenTimedOut: [],
  parse: ({code, stdout}) => (code === 0 ? parsePeers(stdout) : []),
};

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
