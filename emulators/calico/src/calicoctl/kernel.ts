import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import type {Run} from '../process.js';
import {CommandFailure} from './io.js';

/** Loads modules, enables forwarding and raises the connection limit, with the output of v1.2.0. Only forwarding must succeed. */
export async function prepareKernel(run: Run, print: (line: string) => void): Promise<void> {
  const modprobe = ['modprobe', '-a', 'xt_set', 'ip6_tables'];
  print(`Running command to load modules: ${modprobe.join(' ')}`);
  await run(modprobe);
  print('Enabling IPv4 forwarding');
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1').catch(() => {
    throw new CommandFailure('ERROR: Could not enable ipv4 forwarding');
  });
  if (existsSync('/proc/sys/net/ipv6')) {
    print('Enabling IPv6 forwarding');
    await writeFile('/proc/sys/net/ipv6/conf/all/forwarding', '1').catch(() => {
      throw new CommandFailure('ERROR: Could not enable ipv6 forwarding');
    });
  }
  print('Increasing conntrack limit');
  await writeFile('/proc/sys/net/netfilter/nf_conntrack_max', '1000000').catch(() =>
    print('WARNING: Could not set nf_contrack_max. This may have an impact at scale.'),
  );
}
