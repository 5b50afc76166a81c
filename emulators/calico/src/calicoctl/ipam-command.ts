import {blockCidrOf, attributesOf as ofBlock} from '../ipam/block.js';
import {Ipam} from '../ipam/ipam.js';
import {BlockStore} from '../ipam/store.js';
import {reasonOf} from '../log.js';
import {parseIp} from '../model/ip.js';
import {connect} from './config.js';
import {parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {goText} from './schema/problems.js';

/** `calicoctl ipam show | release --ip X`. `show` never fails, not even without etcd; `release` of a free address exits with 1. */
export async function ipamCommand(io: Io, action: 'show' | 'release', args: readonly string[]): Promise<number> {
  const flags = parseFlags(['ipam', action], args, {values: {ip: undefined, config: undefined}, short: {c: 'config'}});
  const {ip: given, config} = flags.values;
  if (given === undefined) throw flags.invalid();
  const store = new BlockStore(await connect(io, config));
  const ip = parseIp(given);
  if (ip === undefined) throw new CommandFailure(`Error executing command: invalid IP address specified: ${given}`);
  if (action === 'show') {
    io.print(`${ip.version === 4 ? await show(store, ip.text) : `${ip.text} is not assigned`}\n`);
    return 0;
  }
  if (!(ip.version === 4 && (await release(store, ip.text)))) throw new CommandFailure(`IP address ${ip.text} is not assigned`);
  io.print(`Successfully released IP address ${ip.text}\n`);
  return 0;
}

async function show(store: BlockStore, ip: string): Promise<string> {
  // an etcd that does not reply is reported as a block that does not exist
  const found = await store.read(blockCidrOf(ip)).catch(() => undefined);
  if (found === undefined) return `${ip} is not assigned`;
  const attributes = ofBlock(found.block, ip);
  if (attributes === undefined) return `IP ${ip} is not currently assigned in block`;
  const secondary = attributes.secondary ?? {};
  return Object.keys(secondary).length === 0 ? `No attributes defined for IP ${ip}` : goText(secondary);
}

async function release(store: BlockStore, ip: string): Promise<boolean> {
  try {
    return await new Ipam(store).releaseAddress(ip);
  } catch (error) {
    throw new CommandFailure(`Error: ${reasonOf(error)}`);
  }
}
