import {describe, expect, it} from 'vitest';
import {parseSaved, renderUpdate} from '../../src/agent/ip-set-sync.js';
import {SelectorSets} from '../../src/agent/ip-sets.js';
import {snapshot} from '../support/snapshot.js';

describe('the sets of selectors', () => {
  it('contain the addresses of the endpoints of all nodes that match, and those of host endpoints', () => {
    const sets = new SelectorSets();
    const names = {
      all: sets.ofSelector('all()'),
      tag: sets.ofTag('calico_net'),
      own: sets.ofSelector("role == 'web'"),
      host: sets.ofSelector("role == 'host'"),
      none: sets.ofSelector('has(nothing)'),
    };
    const [first, second] = snapshot.endpoints;
    const members = sets.members({
      ...snapshot,
      endpoints: [{...first!, labels: {role: 'web'}}, second!],
      hostEndpoints: [{node: 'node0', name: 'eth0', addresses: ['198.18.0.10'], profiles: [], labels: {role: 'host'}}],
    });
    expect(members.get(names.all)).toEqual(['192.168.0.100', '192.168.0.101', '198.18.0.10']);
    expect(members.get(names.tag)).toEqual(['192.168.0.100', '192.168.0.101']);
    expect(members.get(names.own)).toEqual(['192.168.0.100']);
    expect(members.get(names.host)).toEqual(['198.18.0.10']);
    expect(members.get(names.none)).toEqual([]);
  });

  it("take labels from an endpoint's profiles, its own first", () => {
    const sets = new SelectorSets();
    const name = sets.ofSelector("role == 'web'");
    const profiles = [{...snapshot.profiles[0]!, labels: {role: 'web'}}];
    const [first, second] = snapshot.endpoints;
    const members = sets.members({...snapshot, profiles, endpoints: [first!, {...second!, labels: {role: 'db'}}]});
    expect(members.get(name)).toEqual(['192.168.0.100']);
  });

  it("have Felix's names, which fit into ipset's 31 characters, one per meaning", () => {
    const sets = new SelectorSets();
    const name = sets.ofSelector("has(x) && a == 'b'");
    expect(name).toMatch(/^cali4-s:[\w-]{23}$/);
    expect(sets.ofSelector('has( x )&&a=="b"')).toBe(name);
    expect(sets.ofSelector('all()')).not.toBe(name);
  });
});

describe('the input of ipset restore', () => {
  const saved = parseSaved(
    [
      'create cali4-s:a hash:ip family inet hashsize 1024 maxelem 1048576',
      'add cali4-s:a 10.0.0.1',
      'create other hash:ip family inet hashsize 1024 maxelem 65536',
      'add other 10.0.0.2',
      '',
    ].join('\n'),
  );

  it('creates a set with its members', () => {
    expect(renderUpdate(new Map([['cali4-s:b', ['10.0.0.1', '10.0.0.2']]]), saved)).toBe(
      'create cali4-s:b hash:ip family inet maxelem 1048576\nadd cali4-s:b 10.0.0.1\nadd cali4-s:b 10.0.0.2\n',
    );
    expect(renderUpdate(new Map([['cali4-pools', ['10.0.0.0/8']]]), saved)).toContain('create cali4-pools hash:net ');
  });

  it('is empty where nothing changes', () => {
    expect(renderUpdate(new Map([['cali4-s:a', ['10.0.0.1']]]), saved)).toBe('');
  });

  it('fills a changed set apart and swaps it, so that no packet sees it half full', () => {
    expect(renderUpdate(new Map([['cali4-s:a', ['10.0.0.3']]]), saved)).toBe(
      'create cali4ts:a hash:ip family inet maxelem 1048576\nadd cali4ts:a 10.0.0.3\nswap cali4-s:a cali4ts:a\ndestroy cali4ts:a\n',
    );
  });

  it('removes what an interrupted update left', () => {
    const left = parseSaved('create cali4-s:a hash:ip\ncreate cali4ts:a hash:ip\n');
    expect(renderUpdate(new Map([['cali4-s:a', ['10.0.0.3']]]), left)).toMatch(/^destroy cali4ts:a\ncreate cali4ts:a /);
  });
});
