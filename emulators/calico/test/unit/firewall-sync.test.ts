import {describe, expect, it} from 'vitest';
import {renderFirewall} from '../../src/agent/firewall.js';
import {FirewallSync} from '../../src/agent/firewall-sync.js';
import {snapshot} from '../support/snapshot.js';

const firewall = renderFirewall('node0', snapshot);
/** What an earlier version of the emulator left in the host's default variant. */
const NFT = `*filter
:INPUT ACCEPT [0:0]
:cali-INPUT - [0:0]
-A INPUT -j cali-INPUT
-A cali-INPUT -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
COMMIT
`;

describe('the firewall in the kernel', () => {
  /** Fakes the two variants: a legacy restore replaces what the next save prints. */
  function fakeKernel(nft: Record<string, string>) {
    const restores: {command: string; input: string}[] = [];
    const legacy = new Map<string, string>();
    const run = async (argv: readonly string[], {input = ''} = {}) => {
      const [command = ''] = argv;
      const family = command.split('-')[0] ?? '';
      if (command.endsWith('-restore')) {
        restores.push({command: argv.join(' '), input});
        if (command.includes('legacy')) legacy.set(family, input);
        else nft[family] = '';
        return {code: 0, stdout: '', stderr: ''};
      }
      return {code: 0, stdout: (command.includes('legacy') ? legacy.get(family) : nft[family]) ?? '', stderr: ''};
    };
    return {run, restores};
  }

  it('is in the legacy variant for IPv4 and IPv6, and is not written again while it is as desired', async () => {
    const {run, restores} = fakeKernel({});
    const sync = new FirewallSync(run, true);
    expect(await sync.apply(firewall)).toBe(true);
    expect(restores.map(({command}) => command)).toEqual([
      'iptables-legacy-restore --noflush --wait',
      'ip6tables-legacy-restore --noflush --wait',
    ]);
    expect(restores[0]?.input.match(/^\*\w+$/gm)).toEqual(['*filter', '*nat', '*mangle', '*raw']);
    expect(await sync.apply(firewall)).toBe(false);
    expect(restores).toHaveLength(2);
  });

  it('loses the chains that an earlier version wrote in the nft variant, once the others are there', async () => {
    const {run, restores} = fakeKernel({iptables: NFT});
    const sync = new FirewallSync(run, false);
    await sync.apply(firewall);
    expect(restores.map(({command}) => command)).toEqual([
      'iptables-legacy-restore --noflush --wait',
      'iptables-nft-restore --noflush',
    ]);
    expect(restores[1]?.input).toBe('*filter\n:cali-INPUT - [0:0]\n-D INPUT -j cali-INPUT\n-X cali-INPUT\nCOMMIT\n');
    await sync.apply(firewall);
    expect(restores).toHaveLength(2);
  });
});
