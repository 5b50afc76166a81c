import {describe, expect, it} from 'vitest';
import {matchesItself} from '../../../src/firewall/claims.js';
import {parseDuration, showDuration} from '../../../src/firewall/duration.js';
import {parseMac} from '../../../src/firewall/mac.js';
import {type Exercise, makeRule, readMatch} from '../../../src/firewall/rule.js';
import {parseSource, showSource} from '../../../src/firewall/source-block.js';
import {addressLiteral} from '../../../src/support/address.js';
import {UsageError} from '../../../src/support/errors.js';
import {node1} from './make-cluster.js';
import {rule} from './make-rule.js';

describe('addresses', () => {
  it.each([
    ['198.18.0.12', '198.18.0.12/32'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['FD00:0:0::12', 'fd00::12/128'],
    ['fd00:0:0:1:0:0:0:0/64', 'fd00:0:0:1::/64'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3/128'],
    ['2001:db8::1.2.3.4', '2001:db8::102:304/128'],
    ['::', '::/128'],
    ['::ffff:198.18.0.12', '198.18.0.12/32'],
    ['::ffff:c612:c', '198.18.0.12/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/95', '::fffe:0:0/95'],
  ])('%s is %s to the kernel', (text, expected) => {
    expect(parseSource(text)?.toString()).toBe(expected);
  });

  it.each(['198.18.0.300', '198.18.0', '010.0.0.1', 'node2', '10.0.0.0/33', 'fd00::/129', 'fe80::1%eth0', '::1::', ''])(
    '%j is none',
    (text) => {
      expect(parseSource(text)).toBeUndefined();
    },
  );

  it('knows the addresses of a block', () => {
    const isIn = (block: string, address: string): boolean => parseSource(block)!.contains(addressLiteral(address));
    expect(isIn('198.18.0.0/24', '198.18.0.12')).toBe(true);
    expect(isIn('198.18.0.0/24', '198.18.1.12')).toBe(false);
    expect(isIn('fd00::/8', 'fd12::1')).toBe(true);
    expect(isIn('fd00::/8', '198.18.0.12')).toBe(false);
  });

  it('shows a single address without its prefix', () => {
    expect(showSource(parseSource('198.18.0.12')!)).toBe('198.18.0.12');
    expect(showSource(parseSource('198.18.0.0/24')!)).toBe('198.18.0.0/24');
  });

  it('reads a MAC in capitals and with hyphens', () => {
    expect(parseMac('02-00-1E-4C-00-03')).toBe('02:00:1e:4c:00:03');
  });
});

describe('what cannot be a rule', () => {
  it.each([
    ['deny-ip', 'nonsense!', /not an IP address/],
    ['deny-ip', 'node2.example.org', /not an IP address/],
    ['deny-ip', '0.0.0.0/0', /every address/],
    ['deny-ip', '127.0.0.1', /loopback/],
    ['deny-ip', '0.0.0.0/1', /holds the loopback network/],
    ['deny-ip', '::/8', /holds the loopback address/],
    ['deny-ip', '::/1', /holds the loopback address/],
    ['deny-ip', '::', /no address of a host/],
    ['deny-ip', '0.0.0.0', /no address of a host/],
    ['deny-ip', '224.0.0.5', /multicast/],
    ['deny-ip', '255.255.255.255', /broadcast/],
    ['deny-ip', '::1', /loopback/],
    ['deny-ip', 'ff02::1', /multicast/],
    ['deny-ping', '198.18.0.0/24', /one address/],
    ['deny-mac', 'ff:ff:ff:ff:ff:ff', /broadcast/],
    ['deny-mac', '01:00:5e:00:00:01', /no frame/],
    ['deny-mac', '198.18.0.12', /not a MAC/],
    ['deny-mac', '02:00:1e:4c:00', /not a MAC/],
  ] as const)('%s %s', (exercise, text, message) => {
    expect(() => readMatch(exercise, text)).toThrow(UsageError);
    expect(() => readMatch(exercise, text)).toThrow(message);
  });

  it('hints at how to resolve a name', () => {
    try {
      readMatch('deny-ip', 'node2.example.org');
      expect.unreachable();
    } catch (error) {
      expect((error as UsageError).hint).toContain('getent hosts node2.example.org');
    }
  });
});

describe('a rule about a node’s own packets to itself', () => {
  const host = [{name: 'host0', mac: '02:00:00:00:00:11', addresses: [{address: addressLiteral('fd00::11'), scope: 'global'}]}];
  const about = (exercise: Exercise, text: string, interfaces = host) => matchesItself(rule(exercise, text), node1, interfaces);

  it('is one of its addresses, even when it does not answer, or its MAC', () => {
    expect(about('deny-ip', node1.address, [])).toBe(true);
    expect(about('deny-ip', 'fd00::11')).toBe(true);
    expect(about('deny-mac', '02:00:00:00:00:11')).toBe(true);
  });

  it('is not one about a block, or about another node', () => {
    expect(about('deny-ip', 'fd00::/64')).toBe(false);
    expect(about('deny-ip', '198.18.0.12')).toBe(false);
    expect(about('deny-mac', '02:00:00:00:00:12')).toBe(false);
    expect(matchesItself(rule('http-only'), node1, host)).toBe(false);
  });
});

describe('ids', () => {
  const base = {exercise: 'deny-ip', match: readMatch('deny-ip', '198.18.0.12'), scope: 'host', strict: false} as const;

  it('are the same for the same rule, however its address was written', () => {
    expect(makeRule({...base, match: readMatch('deny-ip', '198.18.0.12/32')}).id).toBe(makeRule(base).id);
    expect(makeRule(base).id).toMatch(/^[0-9a-f]{6}$/);
  });

  it('differ for what differs', () => {
    const ids = [base, {...base, scope: 'both'} as const, {...base, strict: true}, {...base, exercise: 'deny-ping'} as const].map(
      (one) => makeRule(one).id,
    );
    expect(new Set(ids).size).toBe(4);
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['1h30m', 5400],
    ['2d', 172_800],
  ])('%s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '10', 'm', '0s', '-5m', '5 m', '10x', '5m!', '400d'])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  it.each([
    [0, '0s'],
    [59.6, '1m'],
    [599, '9m59s'],
    [7205, '2h5s'],
    [90_061, '1d1h'],
  ])('%d s are %s', (seconds, text) => {
    expect(showDuration(seconds)).toBe(text);
  });
});
