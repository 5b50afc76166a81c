import {type Run, runOrThrow} from '../process.js';

/** Creates a veth pair with the kernel's default MTU and sets both ends up. @throws Error `file exists` if there is one of that name */
export async function createVeth(run: Run, hostName: string, containerName: string): Promise<void> {
  const {code, stderr} = await run(['ip', 'link', 'add', hostName, 'type', 'veth', 'peer', 'name', containerName]);
  if (code !== 0) throw new Error(netlinkError(stderr));
  // Only with both ends up the kernel makes their IPv6 link-local addresses.
  for (const name of [containerName, hostName]) await runOrThrow(run, ['ip', 'link', 'set', name, 'up']);
}

/** Deletes a veth pair if it exists. */
export async function deleteVeth(run: Run, hostName: string): Promise<void> {
  const exists = (await run(['ip', 'link', 'show', hostName])).code === 0;
  if (exists) await runOrThrow(run, ['ip', 'link', 'del', hostName]);
}

/** The IPv6 link-local address of an interface; undefined where it has none. */
export async function linkLocalAddress(run: Run, name: string): Promise<string | undefined> {
  const output = await runOrThrow(run, ['ip', '-j', '-6', 'addr', 'show', 'dev', name, 'scope', 'link']);
  const links = JSON.parse(output.trim() || '[]') as {addr_info?: {local?: string}[]}[];
  return links.flatMap((link) => link.addr_info ?? []).find((address) => address.local !== undefined)?.local;
}

/** What Go's netlink library reports where `ip` prints `RTNETLINK answers: File exists`. */
function netlinkError(stderr: string): string {
  const reason = /RTNETLINK answers: (.*)/.exec(stderr)?.[1] ?? stderr.trim();
  return reason.charAt(0).toLowerCase() + reason.slice(1);
}
