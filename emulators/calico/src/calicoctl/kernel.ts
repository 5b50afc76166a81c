import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import type {Run} from '../process.js';
import {CommandFailure} from './io.js';

/** Modules, forwarding and the connection table's size, with v1.2.0's lines. Only forwarding must succeed. */
export async function prepareKernel(run: Run, say: (line: string) => void): Promise<void> {
  const modprobe = ['modprobe', '-a', 'xt_set', 'ip6_tables'];
  say(`Running command to load modules: ${modprobe.join(' ')}`);
  await run(modprobe);
  say('Enabling IPv4 forwarding');
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1').catch(() => {
    throw new CommandFailure('ERROR: Could not enable ipv4 forwarding');
  });
  if (existsSync('/proc/sys/net/ipv6')) {
    say('Enabling IPv6 forwarding');
    await writeFile('/proc/sys/net/ipv6/conf/all/forwarding', '1').catch(() => {
      throw new CommandFailure('ERROR: Could not enable ipv6 forwarding');
    });
  }
  say('Increasing conntrack limit');
  await writeFile('/proc/sys/net/netfilter/nf_conntrack_max', '1000000').catch(() =>
    say('WARNING: Could not set nf_contrack_max. This may have an impact at scale.'),
  );
}
