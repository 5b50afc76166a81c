import * as z from 'zod';
import {parseIpv4Block} from '../../support/block.js';
import {Hw5Error} from '../../support/errors.js';
import {sha256} from '../../support/sha256.js';
import type {Lab, LabMachine} from '../lab.js';
import {run, tryRun} from '../run.js';

/** Of `ip -j address show`. */
const linksSchema = z.array(
  z.object({
    flags: z.array(z.string()),
    addr_info: z.array(z.object({family: z.string(), local: z.string(), prefixlen: z.number()})),
  }),
);

/** Makes the lab's bridge, or repairs it. @returns whether anything had to be changed. @throws Hw5Error when the subnet is in use on the host */
export async function applyBridge(lab: Lab, signal?: AbortSignal): Promise<boolean> {
  const shown = await tryRun(['ip', '-j', 'address', 'show', 'dev', lab.bridge], {signal});
  const commands = bridgeCommands(lab, shown.code === 0 ? shown.stdout : undefined);
  if (commands.length === 0) return false;
  await rejectOverlap(lab, signal);
  for (const command of commands) await run(command, {signal});
  return true;
}

/**
 * The commands after which the bridge has the gateway's address and no other. Pure.
 * @param shown the output of `ip -j address show dev …`; undefined where there is no bridge
 */
export function bridgeCommands(lab: Lab, shown: string | undefined): string[][] {
  const {bridge} = lab;
  const address = `${lab.gateway}/${lab.network.prefix}`;
  const commands: string[][] = [];
  let addresses: string[] = [];
  let isUp = false;
  if (shown === undefined) {
    // A fixed hardware address: otherwise it changes whenever a machine is switched on or off, and the others lose their gateway for a while.
    const kind = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
    commands.push(['ip', 'link', 'add', bridge, 'address', hardwareAddress(lab), ...kind]);
  } else {
    const [link] = linksSchema.parse(JSON.parse(shown));
    addresses = (link?.addr_info ?? []).filter((each) => each.family === 'inet').map((each) => `${each.local}/${each.prefixlen}`);
    isUp = link?.flags.includes('UP') ?? false;
  }
  // An interrupted `lab up` with another subnet leaves its address. All are flushed, as removing a primary address may remove secondary ones.
  if (addresses.some((other) => other !== address)) {
    commands.push(['ip', '-4', 'address', 'flush', 'dev', bridge]);
    addresses = [];
  }
  if (addresses.length === 0) commands.push(['ip', 'address', 'replace', address, 'dev', bridge]);
  if (!isUp) commands.push(['ip', 'link', 'set', bridge, 'up']);
  return commands;
}

export async function removeBridge(lab: Lab): Promise<void> {
  const there = await tryRun(['ip', 'link', 'show', 'dev', lab.bridge]);
  if (there.code === 0) await run(['ip', 'link', 'delete', lab.bridge]);
}

/** The name of the lab that a route belongs to, from its bridge `br-<lab>`. */
export function otherLab(route: string): string {
  return /\bdev br-(\S+)/.exec(route)?.[1] ?? 'NAME';
}

async function rejectOverlap(lab: Lab, signal: AbortSignal | undefined): Promise<void> {
  const other = overlappingRoute(await run(['ip', '-o', '-4', 'route', 'show', 'table', 'all'], {signal}), lab);
  if (!other) return;
  throw new Hw5Error(`${lab.subnet} is in use on this host already: ${other.trim()}`, {
    hint: `choose another subnet with --subnet, or remove the other lab with \`hw5 lab down --name ${otherLab(other)}\``,
  });
}

/** The largest lab. A route to more addresses is a default route, or half of one, such as OpenVPN's 0.0.0.0/1 and 128.0.0.0/1. */
const SHORTEST_PREFIX = 8;

/** The first route (a line of `ip route`) into the lab's subnet that is not the lab's own. Default routes are ignored, as they overlap everything. */
export function overlappingRoute(routes: string, lab: Pick<Lab, 'network' | 'bridge'>): string | undefined {
  return routes.split('\n').find((line) => {
    const words = line.trim().split(/\s+/);
    if (words.includes(lab.bridge)) return false;
    const destination = words.find((word) => /^\d+\.\d+\.\d+\.\d+/.test(word)) ?? '';
    if (/^(default|unreachable default)/.test(line) || words.indexOf(destination) > 1) return false;
    const route = parseIpv4Block(destination.includes('/') ? destination : `${destination}/32`);
    return route !== undefined && route.prefix >= SHORTEST_PREFIX && route.overlaps(lab.network);
  });
}

/** Locally administered (02), followed by a digest of the name. */
function hardwareAddress(lab: Lab): string {
  const digest = sha256(lab.bridge);
  return ['02', ...digest.slice(0, 10).match(/../g)!].join(':');
}

/**
 * Connects a running machine's cable to the bridge again, where the bridge was made again.
 * @returns whether that was needed; undefined when the cable is gone, as a machine gets one only when it is switched on
 */
export async function plugIn(lab: Lab, machine: LabMachine, signal?: AbortSignal): Promise<boolean | undefined> {
  const name = cable(machine);
  const link = await tryRun(['ip', '-o', 'link', 'show', 'dev', name], {signal});
  if (link.code !== 0) return undefined;
  if (link.stdout.includes(` master ${lab.bridge} `)) return false;
  await run(['ip', 'link', 'set', name, 'master', lab.bridge, 'up'], {signal});
  return true;
}

/** The host's end of the machine's network cable. */
export function cable(machine: LabMachine): string {
  return `vb-${machine.nspawnName}`;
}
