import {readdir, readFile} from 'node:fs/promises';
import {BIRD_SOCKETS, BIRD6_SOCKETS, type BirdProtocol, parseProtocols, queryBird} from '../bird/control.js';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';
import {requireRoot} from './root.js';
import {boxTable} from './tables.js';

const PEER_TYPES: Readonly<Record<string, string>> = {Mesh: 'node-to-node mesh', Node: 'node specific', Global: 'global'};
type IpVersion = 4 | 6;

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
  if (names.has('bird') || names.has('bird6')) {
    io.print(names.has('bird') ? await birdStatus(4) : "\nINFO: BIRDv4 process: 'bird' is not running.\n");
    io.print(names.has('bird6') ? await birdStatus(6) : "\nINFO: BIRDv6 process: 'bird6' is not running.\n");
  } else {
    io.print('\nNone of the BGP backend processes (BIRD or GoBGP) are running.\n');
  }
  io.print('\n');
  return 0;
}

async function birdStatus(version: IpVersion): Promise<string> {
  let failure = '';
  for (const socket of version === 4 ? BIRD_SOCKETS : BIRD6_SOCKETS) {
    try {
      return renderPeers(parseProtocols(await queryBird(socket, 'show protocols')), version);
    } catch (error) {
      failure = `Error querying BIRD: unable to connect to BIRDv${version} socket: ${goReason(error, socket)}`;
    }
  }
  return `\nIPv${version} BGP status\n${failure}`;
}

/** A failed connection as Go describes it. */
function goReason(error: unknown, socket: string): string {
  const {code, message} = error as NodeJS.ErrnoException;
  const reason = {ENOENT: 'no such file or directory', ECONNREFUSED: 'connection refused'}[code ?? ''];
  return `dial unix ${socket}: connect: ${reason ?? message}`;
}

/** The table of peers as calicoctl prints it. */
export function renderPeers(protocols: readonly BirdProtocol[], version: IpVersion = 4): string {
  const rows = protocols.flatMap(({name, type, state, since, info}) => {
    const [, kind = '', address = ''] = /^(Global|Node|Mesh)_(.+)$/.exec(name) ?? [];
    const peerType = PEER_TYPES[kind];
    if (peerType === undefined || type !== 'BGP' || info === '') return [];
    return [[address.replaceAll('_', version === 4 ? '.' : ':'), peerType, state, since, info]];
  });
  const head = `\nIPv${version} BGP status\n`;
  if (rows.length === 0) return `${head}No IPv${version} peers found.\n`;
  return head + boxTable(['Peer address', 'Peer type', 'State', 'Since', 'Info'], rows);
}

/** The names of all processes. */
async function processNames(): Promise<ReadonlySet<string>> {
  const ids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const names = await Promise.all(ids.map((id) => readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')));
  return new Set(names.map((name) => name.trim()));
}
