import {describe, expect, it} from 'vitest';
import {defineLab, labFrom} from '../../../src/lab/lab.js';
import {bridgeCommands, otherLab, overlappingRoute} from '../../../src/lab/network/bridge.js';
import {differingVariants, type LabTable, labTables, restoreText} from '../../../src/lab/network/firewall.js';
import {parseResolvConf} from '../../../src/lab/network/resolver.js';

const lab = labFrom(defineLab({name: 'x', subnet: '198.18.0.192/27'}), {
  cache: '/c',
  state: '/s',
  saves: '/saves',
  run: '/r',
  emulators: '/p',
});
const tables = labTables(lab, ['10.0.0.53']);
const filter = tables.find((table) => table.table === 'filter')!;

describe("the lab's packet filter", () => {
  it('accepts DNS queries before it rejects the private ranges, and rejects those before it accepts the rest', () => {
    const position = (part: string): number => filter.rules.findIndex((rule) => rule.includes(part));
    expect(position('-d 10.0.0.53/32 -i br-x -p udp')).toBeGreaterThan(-1);
    expect(position('-d 10.0.0.53/32 -i br-x -p tcp')).toBeGreaterThan(-1);
    expect(position('--dport 53')).toBeLessThan(position('-d 10.0.0.0/8'));
    for (const range of ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15']) {
      expect(filter.rules[position(`-d ${range} `)]).toContain('-j REJECT');
      expect(position(`-d ${range} `)).toBeLessThan(filter.rules.indexOf('-A HW5-LAB-x -i br-x -j ACCEPT'));
    }
  });

  it('first of all accepts what one machine sends another', () => {
    expect(filter.rules[0]).toBe('-A HW5-LAB-x -i br-x -o br-x -j ACCEPT');
  });

  it('rejects connections from outside to a machine', () => {
    expect(filter.rules.at(-1)).toBe('-A HW5-LAB-x -o br-x -j REJECT --reject-with icmp-admin-prohibited');
  });
});

describe('the input for iptables-restore', () => {
  const present = (table: LabTable): string[] => [
    '-P FORWARD ACCEPT',
    `-N ${table.chain}`,
    `-A ${table.jump.from} ${table.jump.rule}`,
    ...table.rules,
    '',
  ];

  it.each(tables.map((table) => [table.table, table] as const))('is nothing when the table %s is as it should be', (_, table) => {
    expect(restoreText(table, present(table))).toBeUndefined();
  });

  it('contains all rules on a host without any', () => {
    const text = restoreText(filter, ['-P FORWARD ACCEPT'])!.split('\n');
    expect(text.slice(0, 2)).toEqual(['*filter', ':HW5-LAB-x - [0:0]']);
    expect(text).toContain('-I FORWARD 1 -m comment --comment "hw5:lab:x" -j HW5-LAB-x');
    expect(text.slice(-2)).toEqual(['COMMIT', '']);
  });

  it('is the jump alone when only the jump is missing', () => {
    const text = restoreText(filter, [`-N ${filter.chain}`, ...filter.rules]);
    expect(text).toBe('*filter\n-I FORWARD 1 -m comment --comment "hw5:lab:x" -j HW5-LAB-x\nCOMMIT\n');
  });

  it('contains the whole chain when a rule is missing, foreign or in another place, but no second jump', () => {
    const [first, second, ...rest] = filter.rules;
    const jump = `-A FORWARD ${filter.jump.rule}`;
    for (const rules of [rest, [...filter.rules, `-A ${filter.chain} -j ACCEPT`], [second!, first!, ...rest]]) {
      const text = restoreText(filter, [jump, ...rules]);
      expect(text).toContain(':HW5-LAB-x - [0:0]');
      expect(text).not.toContain('-I FORWARD');
    }
  });

  it('does not take the chain of a lab with a longer name for its own', () => {
    const text = restoreText(filter, ['-A FORWARD -j HW5-LAB-x-2', '-A HW5-LAB-x-2 -j ACCEPT']);
    expect(text).toContain('-I FORWARD');
  });
});

describe("iptables' commands", () => {
  it.each([
    ['iptables v1.8.9 (nf_tables)\n', 'iptables-restore v1.8.9 (nf_tables)\n'],
    ['iptables v1.8.9 (legacy)\n', 'iptables-restore v1.6.1\n'],
  ])('of one variant see the same rules: %j and %j', (iptables, restore) => {
    expect(differingVariants(iptables, restore)).toBeUndefined();
  });

  it('of two variants are detected before one writes rules that the other does not show', () => {
    expect(differingVariants('iptables v1.8.9 (nf_tables)\n', 'iptables-restore v1.8.9 (legacy)\n')).toBe(
      'iptables is of the variant nf_tables and iptables-restore of legacy',
    );
  });
});

describe('the resolver', () => {
  it('is taken from resolv.conf with the search list', () => {
    expect(parseResolvConf('# x\nnameserver 10.0.0.53\nnameserver 192.0.2.1\nsearch lan\noptions edns0\n')).toEqual({
      addresses: ['10.0.0.53', '192.0.2.1'],
      resolvConf: 'nameserver 10.0.0.53\nnameserver 192.0.2.1\nsearch lan\noptions edns0\n',
    });
  });

  it.each([
    'nameserver 127.0.0.53\n',
    'nameserver 0.0.0.0\n',
    'nameserver 10.0.0.300\n',
    'nameserver ::1\nnameserver fe80::1%eth0\n',
    '',
  ])('is not one that only the host reaches, or that is not an address: %j', (text) => {
    expect(parseResolvConf(text)).toBeUndefined();
  });
});

describe("the lab's bridge", () => {
  const shown = (flags: string[], ...addresses: string[]): string => {
    const addr_info = addresses.map((local) => ({family: local.includes(':') ? 'inet6' : 'inet', local, prefixlen: 27}));
    return JSON.stringify([{ifname: 'br-x', flags, addr_info}]);
  };
  const commands = (text: string | undefined): string[] => bridgeCommands(lab, text).map((argv) => argv.slice(1).join(' '));

  it('is left alone when it is up with the gateway address', () => {
    expect(commands(shown(['UP'], '198.18.0.193', 'fe80::1'))).toEqual([]);
  });

  it('is made where there is none, with a hardware address that stays', () => {
    const [add, ...rest] = commands(undefined);
    expect(add).toMatch(/^link add br-x address 02(:[0-9a-f]{2}){5} type bridge/);
    expect(rest).toEqual(['address replace 198.18.0.193/27 dev br-x', 'link set br-x up']);
  });

  it('is switched on, or given its address, when only that is missing', () => {
    expect(commands(shown([], '198.18.0.193'))).toEqual(['link set br-x up']);
    expect(commands(shown(['UP'], 'fe80::1'))).toEqual(['address replace 198.18.0.193/27 dev br-x']);
  });

  it('loses the address that an interrupted `lab up` with another subnet gave it', () => {
    const repair = ['-4 address flush dev br-x', 'address replace 198.18.0.193/27 dev br-x'];
    expect(commands(shown(['UP'], '198.18.5.1'))).toEqual(repair);
    expect(commands(shown(['UP'], '198.18.5.1', '198.18.0.193'))).toEqual(repair);
  });
});

describe('a route into the subnet', () => {
  it('names the lab that it belongs to, if it is through the bridge of one', () => {
    expect(otherLab('198.18.0.64/27 dev br-quick-2 proto kernel scope link src 198.18.0.65')).toBe('quick-2');
    expect(otherLab('198.0.0.0/8 via 192.0.2.1 dev tun0')).toBe('NAME');
  });

  const find = (routes: string): string | undefined => overlappingRoute(routes, lab);

  it.each([
    '198.18.0.0/24 dev br-hw5 proto kernel scope link src 198.18.0.1',
    'local 198.18.0.193 dev eth0 table local proto kernel scope host src 198.18.0.193',
    '198.18.0.200 via 192.0.2.1 dev eth0',
    'unreachable 198.18.0.0/15',
    '198.0.0.0/8 via 192.0.2.1 dev tun0',
  ])('is %s', (route) => {
    expect(find(`default via 192.0.2.1 dev eth0\n${route}\n`)).toBe(route);
  });

  it.each([
    'default via 192.0.2.1 dev eth0',
    // the two halves of a default route by which OpenVPN's "redirect-gateway def1" goes before the old one
    '0.0.0.0/1 via 10.8.0.1 dev tun0',
    '128.0.0.0/1 via 10.8.0.1 dev tun0',
    '198.18.0.0/27 dev br-hw5 proto kernel scope link src 198.18.0.1',
    '198.18.0.192/27 dev br-x proto kernel scope link src 198.18.0.193',
    '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2',
    '192.168.7.0/24 via 198.18.0.200 dev eth0',
    'broadcast 192.0.2.255 dev eth0 table local proto kernel scope link src 192.0.2.2',
  ])('is not %s', (route) => {
    expect(find(route)).toBeUndefined();
  });
});
