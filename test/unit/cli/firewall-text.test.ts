import {expect, it} from 'vitest';
import {dryRunText, listText} from '../../../src/cli/text/firewall.js';
import type {ListedRule} from '../../../src/firewall/list.js';
import {Hw5Error} from '../../../src/support/errors.js';

const listed: ListedRule = {
  id: 'aec48d',
  node: 'node1',
  exercise: 'deny-ip',
  match: '198.18.0.12',
  scope: 'both',
  strict: true,
  hits: 12,
  ageSeconds: 61,
  endsInSeconds: 539,
  persisted: false,
  points: ['B INPUT', 'C FORWARD'],
};
/** As on a terminal without colours. */
const plain = (text: string): string => text.replace(/\u001b\[\d+m/g, '');

it('a rule is a line, under the heads of its columns', () => {
  expect(
    plain(listText([listed], [], 3))
      .split('\n')
      .slice(0, 2),
  ).toEqual([
    'ID      NODE   EXERCISE        MATCH        HITS  AGE   ENDS IN  PERSISTED  HOOK',
    'aec48d  node1  deny-ip strict  198.18.0.12  12    1m1s  8m59s    no         B INPUT, C FORWARD',
  ]);
});

it('a change that waits to be confirmed is shown, with rules or without', () => {
  const waiting = [{node: 'node1', takenBackInSeconds: 9}];
  const line = 'node1: a change waits to be confirmed; the node rolls it back in 9s\n';
  expect(plain(listText([], waiting, 1))).toBe(`no rules of hw5 on this node\n${line}`);
  expect(plain(listText([listed], waiting, 3))).toMatch(new RegExp(`POSTROUTING\\n${line}$`));
});

it('where no node answers, nothing is printed about rules', () => {
  expect(listText([], [], 0)).toBe('');
});

it('a dry run explains its notes, and shows which plan failed', () => {
  const change = {
    edits: [],
    notes: ['set aec48d 600 yes', 'drop 1b2c3d'],
    boot: [],
    newTables: [],
    fingerprint: '',
    strictSeconds: undefined,
    remarks: [],
  };
  const text = dryRunText(
    [
      {node: 'node0', outcome: {kind: 'changed', change}},
      {node: 'node1', outcome: {kind: 'failed', error: new Hw5Error('there is no iptables on node1')}},
    ],
    [{node: 'node2', why: 'it has 198.18.0.12 itself'}],
  );
  expect(plain(text).split('\n').filter(Boolean)).toEqual([
    'node0: note aec48d, which ends in 10m, kept over a reboot',
    'node0: forget 1b2c3d',
    '✗ node1  there is no iptables on node1',
    '- node2  left out: it has 198.18.0.12 itself',
  ]);
});
