import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {managedTables} from '../../../src/firewall/managed.js';
import {commentOf, optionValue, parseSave, targetOf} from '../../../src/firewall/parse-save.js';
import {readRules, readSshSources} from '../../../src/firewall/read-rules.js';
import {showMatch} from '../../../src/firewall/rule.js';
import {quoteToken, readOptions, tokenize} from '../../../src/firewall/tokens.js';

const dump = (variant: string): string =>
  readFileSync(new URL(`../../fixtures/firewall/${variant}.save`, import.meta.url), 'utf8');

describe.each(['nft', 'legacy'])('iptables-save -c of the %s variant', (variant) => {
  const tables = parseSave(dump(variant));
  const filter = tables.find((table) => table.name === 'filter')!;
  const own = managedTables(tables);

  it('returns every table with its chains and policies', () => {
    expect(tables.map((table) => table.name).sort()).toEqual(['filter', 'mangle']);
    expect([...filter.chains].slice(0, 4)).toEqual([
      ['INPUT', 'DROP'],
      ['FORWARD', 'DROP'],
      ['OUTPUT', 'ACCEPT'],
      ['DOCKER-USER', '-'],
    ]);
  });

  it('keeps a quoted comment whole, with the quotes and options in it', () => {
    const rule = filter.rules.find((one) => one.text.includes('ours'))!;
    expect(commentOf(rule)).toBe('not "ours" \\ at all, -j DROP');
    expect(targetOf(rule)).toBe('DROP');
    expect(rule.options.filter((option) => option.name === '-j')).toHaveLength(1);
  });

  it('recognises negations', () => {
    const rule = filter.rules.find((one) => one.text.includes('ours'))!;
    expect(rule.options.filter((option) => option.isNegated).map((option) => option.name)).toEqual(['-s', '--dport']);
    expect(optionValue(rule, '-s')).toBeUndefined();
  });

  it('reads the counters', () => {
    const rule = filter.rules.find((one) => one.text.includes('ours'))!;
    expect(rule.counters).toEqual({packets: 5, bytes: 300});
  });

  it('finds the rules of hw5 with their hits over all tables, and no others', () => {
    const found = readRules(own).map((rule) => [
      rule.id,
      rule.exercise,
      showMatch(rule.match),
      rule.scope,
      rule.strict,
      rule.hits,
    ]);
    expect(found).toEqual([
      ['1b2c3d', 'deny-ip', '198.18.0.12', 'both', false, 7],
      ['4e5f60', 'deny-mac', '02:00:1e:4c:00:03', 'host', false, 9],
      ['718293', 'deny-ping', '198.18.0.11', 'host', false, 2],
      ['a4b5c6', 'http-only', 'all but tcp/80', 'host', true, 6],
    ]);
  });

  it('returns the rules in INPUT’s order, also where a rule for containers comes first in the dump', () => {
    const swapped = own.map((table) => ({...table, chains: new Map([...table.chains].reverse())}));
    expect(readRules(swapped).map((rule) => rule.id)).toEqual(['1b2c3d', '4e5f60', '718293', 'a4b5c6']);
    const alone = own.map((table) => ({
      ...table,
      chains: new Map(
        [...table.chains].map(([name, lines]) => [
          name,
          name === 'HW5-FORWARD' ? lines.map(({text}) => ({text: text.replace('1b2c3d', 'ffffff')})) : lines,
        ]),
      ),
    }));
    expect(readRules(alone).at(-1)?.id).toBe('ffffff');
  });

  it('finds where SSH is let in from', () => {
    expect(readSshSources(own)).toEqual([{address: '198.18.0.1', port: 22}]);
  });

  it('finds the jumps to managed chains', () => {
    const jumps = own.flatMap(({name, jumps: all}) => all.map((jump) => `${name} ${jump.from} ${jump.text}`));
    expect(jumps.sort()).toEqual([
      'filter DOCKER-USER -j HW5-FORWARD',
      'filter INPUT -j HW5-INPUT',
      'mangle FORWARD -i cali+ -j HW5-FORWARD',
      'mangle FORWARD -o cali+ -j HW5-FORWARD',
    ]);
  });
});

describe('tokenize', () => {
  it('keeps blanks within quotes, and what a backslash protects', () => {
    expect(tokenize('-A X --comment "a \\"b\\" \\\\ c"  -j Y')).toEqual(['-A', 'X', '--comment', 'a "b" \\ c', '-j', 'Y']);
  });

  it('keeps an empty word', () => {
    expect(tokenize('--comment "" -j Y')).toEqual(['--comment', '', '-j', 'Y']);
  });

  it.each(['plain', 'two words', 'a "quote"', 'back\\slash', "it's", ''])('takes back what quoteToken made of %j', (word) => {
    expect(tokenize(`-x ${quoteToken(word)} -y`)).toEqual(['-x', word, '-y']);
  });
});

describe('readOptions', () => {
  it('reads the older place of the negation', () => {
    expect(readOptions(tokenize('--dport ! 22 -j DROP'))[0]).toEqual({name: '--dport', isNegated: true, values: ['22']});
  });

  it.each(['--comment', '--log-prefix', '--string'])('takes no free text for an option: %s', (name) => {
    expect(readOptions(tokenize(`${name} "-j" -j DROP`)).map((option) => option.name)).toEqual([name, '-j']);
  });
});

it('reads a dump without counters', () => {
  const [table] = parseSave('*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n');
  expect(table!.rules[0]).toMatchObject({chain: 'INPUT', text: '-j DROP', counters: undefined});
});
