import {type Run, runOrThrow} from '../process.js';

export const VETH_MTU = 1500;

/** Creates a veth pair and sets the host's end up. A pair of that name, from a container start that failed, is replaced. */
export async function createVeth(run: Run, hostName: string, containerName: string): Promise<void> {
  await deleteVeth(run, hostName);
  const mtu = ['mtu', String(VETH_MTU)];
  await runOrThrow(run, ['ip', 'link', 'add', hostName, ...mtu, 'type', 'veth', 'peer', 'name', containerName, ...mtu]);
  await runOrThrow(run, ['ip', 'link', 'set', hostName, 'up']);
}

/** Deletes a veth pair if it exists. */
export async function deleteVeth(run: Run, hostName: string): Promise<void> {
  const exists = (await run(['ip', 'link', 'show', hostName])).code === 0;
  if (exists) await runOrThrow(run, ['ip', 'link', 'del', hostName]);
}
