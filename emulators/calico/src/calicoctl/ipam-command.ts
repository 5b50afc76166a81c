import {Ipam} from '../ipam/ipam.js';
import {BlockStore} from '../ipam/store.js';
import {reasonOf} from '../log.js';
import {parseIpv4} from '../model/ipv4.js';
import {connect} from './config.js';
import {parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';

/** `calicoctl ipam show|release --ip X`. For a free address it prints that it is not assigned, with exit code 0. */
export async function ipamCommand(io: Io, args: readonly string[]): Promise<number> {
  const [action = '', ...rest] = args;
  const {values} = parseFlags(['ipam', action], rest, {values: {ip: undefined, config: undefined}, short: {c: 'config'}});
  const {ip} = values;
  if (!['show', 'release'].includes(action) || ip === undefined) {
    throw new CommandFailure(
      `Invalid option: 'calicoctl ipam ${args.join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
    );
  }
  if (parseIpv4(ip) === undefined) throw new CommandFailure(`Error executing command: invalid IP address specified: '${ip}'`);
  try {
    const ipam = new Ipam(new BlockStore(await connect(io, values.config)));
    io.print(`${action === 'show' ? await show(ipam, ip) : await release(ipam, ip)}\n`);
    return 0;
  } catch (error) {
    throw new CommandFailure(`Error: ${reasonOf(error)}`);
  }
}

async function show(ipam: Ipam, ip: string): Promise<string> {
  const attributes = await ipam.attributesOf(ip);
  if (attributes === undefined) return `IP ${ip} is not currently assigned`;
  const secondary = Object.entries(attributes.secondary ?? {});
  const lines =
    secondary.length === 0
      ? ['No attributes defined']
      : ['Attributes:', ...secondary.map(([key, value]) => `  ${key}: ${value}`)];
  return [`IP ${ip} is in use`, ...lines].join('\n');
}

async function release(ipam: Ipam, ip: string): Promise<string> {
  return (await ipam.releaseAddress(ip)) ? `Successfully released IP address ${ip}` : `IP address ${ip} is not assigned`;
}
