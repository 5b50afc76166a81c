import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {z} from 'zod';
import {clusterJsonSchema} from '../../../src/cluster/json-schema.js';

const schema = z.fromJSONSchema(clusterJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const isValid = (yaml: string) => schema.safeParse(parse(yaml, {merge: true})).success;

describe('the JSON Schema of the cluster file', () => {
  it('accepts cluster.example.yaml', () => {
    expect(isValid(readFileSync(new URL('../../../cluster.example.yaml', import.meta.url), 'utf8'))).toBe(true);
  });

  it.each([
    ['plain addresses', 'nodes: [10.0.0.1, {address: 10.0.0.2, roles: agent}]'],
    ['abbreviated maps', 'images: {base: debian:12}\nmesos: {source: external}\nssh: {jump: bastion}'],
    ['empty sections', 'etcd:\nframework:\n  tasks:\n'],
    ['keys of the user', 'x-login: {a: 1}'],
    ['a block', 'network: {subnet: 10.7.0.0/16}'],
  ])('accepts %s', (_, yaml) => {
    expect(isValid(yaml)).toBe(true);
  });

  it.each([
    ['an unknown key', 'netwrok: {}'],
    ['a host name for an address', 'nodes: [node0.example.org]'],
    ['a short form of an address', 'nodes: ["10.1"]'],
    ['an address with leading zeros', 'nodes: [010.0.0.1]'],
    ['a subnet without a prefix length', 'network: {subnet: 10.7.0.0}'],
    ['an unknown role', 'nodes: [{address: 10.0.0.1, roles: [slave]}]'],
    ['a string for a map', 'etcd: x'],
    ['a port of 0', 'proxy: {port: 0}'],
    ['a privileged port for etcd', 'etcd: {clientPort: 80}'],
    ['half a port', 'proxy: {port: 80.5}'],
    ['an upper-case name', 'name: Zzw'],
  ])('rejects %s', (_, yaml) => {
    expect(isValid(yaml)).toBe(false);
  });
});
