import {readdir, readFile} from 'node:fs/promises';
import {BIRD_SOCKETS, type BirdProtocol, parseProtocols, queryBird} from '../bird/control.js';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';
import {requireRoot} from './root.js';
import {boxTable} from './tables.js';

const PEER_TYPES: Readonly<Record<string, string>> = {Mesh: 'node-to-node mesh', Node: 'node specific', Global: 'global'};

/** `calicoctl node status`. Returns the exit code: 1 only when no process is named calico-felix, independent of the peers' state. */
export async function nodeStatus(
  io: Io,
  args: readonly string[],
  processes: () => Promise<ReadonlySet<string>> = processNames,
): Promise<number> {
  parseFlags(['node', 'status'], args, {});
  requireRoot(io);
  const names = await processes();
  if (!names.has('calico-felix')) {
    io.print('Calico process is not running.\n');
    return 1;
  }
  io.print('Calico process is running.\n');
  io.print(names.has('bird') ? await birdStatus() : "\nINFO: BIRDv4 process: 'bird' is not running.\n");
  // Calico's container runs a bird6 without peers, for which calicoctl prints this. The emulator has no IPv6.
  io.print('\nIPv6 BGP status\nNo IPv6 peers found.\n\n');
  return 0;
}

async function birdStatus(): Promise<string> {
  let failure = '';
  for (const socket of BIRD_SOCKETS) {
    try {
      return renderPeers(parseProtocols(await queryBird(socket, 'show protocols')));
    } catch (error) {
      failure = `\nIPv4 BGP statusError connecting to BIRDv4 socket: ${(error as Error).message}\n`;
    }
  }
  return failure;
}

/** The table of peers as calicoctl prints it. */
export function renderPeers(protocols: readonly BirdProtocol[]): string {
  const rows = protocols.flatMap(({name, state, since, info}) => {
    const [, kind = '', address = ''] = /^(Global|Node|Mesh)_(\w+)$/.exec(name) ?? [];
    const type = PEER_TYPES[kind];
    return type === undefined ? [] : [[address.replaceAll('_', '.'), type, state, since, info]];
  });
  const head = '\nIPv4 BGP status\n';
  if (rows.length === 0) return `${head}No IPv4 peers found.\n`;
  return head + boxTable(['Peer address', 'Peer type', 'State', 'Since', 'Info'], rows);
}

/** The names of all processes. */
async function processNames(): Promise<ReadonlySet<string>> {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const names = await Promise.all(ids.map((id) => readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')));
  return new Set(names.map((name) => name.trim()));
}
