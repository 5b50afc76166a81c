import {readdir, rm, rmdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {lock} from '../../support/lock.js';
import type {LabHost} from '../host.js';
import type {Lab} from '../lab.js';
import {makePublicDirectories} from '../public-path.js';
import {applyBridge, removeBridge} from './bridge.js';
import {applyFirewall, removeFirewall} from './firewall.js';
import type {Resolver} from './resolver.js';
import {applySysctls, restoreSysctls} from './sysctls.js';

const LOCK_LIMIT_MS = 60_000;
/** Bridges, rules and sysctls are the host's; all labs share them. */
const LOCK_NAME = "this host's network";

/** Makes or repairs the bridge, the rules and the kernel's settings. @returns whether anything had to be changed */
export async function applyNetwork(host: LabHost, lab: Lab, resolver: Resolver, signal?: AbortSignal): Promise<boolean> {
  await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS, {signal});
  const hasNewBridge = await applyBridge(lab, signal);
  await makePublicDirectories([dirname(host.run), host.run, lab.runDirectory]);
  // The rules before forwarding is enabled: the machines must not reach private networks at any time.
  const hasNewRules = await applyFirewall(lab, resolver.addresses, signal);
  const hasNewSysctls = await applySysctls(host);
  return hasNewBridge || hasNewRules || hasNewSysctls;
}

/** Removes the lab's network and its run directory. The kernel's settings are restored when no other lab has a run directory. */
export async function removeNetwork(host: LabHost, lab: Lab): Promise<void> {
  await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS);
  await removeBridge(lab);
  await rm(lab.runDirectory, {recursive: true, force: true});
  const others = (await readdir(host.run).catch(() => [])).filter((name) => !name.startsWith('.'));
  if (others.length === 0) await restoreSysctls(host);
  await removeFirewall(lab);
  for (const directory of [host.run, dirname(host.run)]) await rmdir(directory).catch(() => undefined);
}
