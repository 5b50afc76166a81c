import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {
  addKnownHost,
  fingerprint,
  isAbout,
  judgeHostKey,
  keyType,
  knownHostName,
  knownTypes,
  parseKnownHosts,
  readKnownHosts,
} from '../../../src/host/known-hosts.js';

const ED = 'AAAAC3NzaC1lZDI1NTE5AAAAIL56KKtEx/i+qlebg8uFZM3YOHtIumMIEqPNWsMCZPMe';
const OTHER = 'AAAAC3NzaC1lZDI1NTE5AAAAIHwgdjs0ciE32cxmzA9tGztwy3OlSpX2ah3t7MOBPRRd';
const key = (text: string) => Buffer.from(text, 'base64');
const about = (patterns: string, name: string) => isAbout(parseKnownHosts(`${patterns} ssh-ed25519 ${ED}`)[0]!, name);

describe('parseKnownHosts', () => {
  it('ignores comments, empty lines and lines that are not keys, and counts lines', () => {
    const text = `# comment\n\nnode0 ssh-ed25519 ${ED} who\nhalf a\n@revoked node1 ssh-ed25519 ${OTHER}\n@what x y z\n`;
    expect(parseKnownHosts(text)).toEqual([
      {line: 3, marker: undefined, patterns: ['node0'], type: 'ssh-ed25519', key: key(ED)},
      {line: 5, marker: '@revoked', patterns: ['node1'], type: 'ssh-ed25519', key: key(OTHER)},
    ]);
  });

  it('matches names hashed by ssh-keygen -H', async () => {
    const entries = await readKnownHosts(new URL('../../fixtures/known_hosts-hashed', import.meta.url).pathname);
    const types = (host: string, port = 22) => knownTypes(entries, knownHostName(host, port));
    expect(types('node0')).toEqual(['ssh-ed25519']);
    expect(types('198.18.0.10')).toEqual(['ssh-ed25519']);
    expect(types('node0', 2222)).toEqual(['ssh-rsa']);
    expect(types('node1')).toEqual([]);
  });
});

describe('isAbout', () => {
  it.each([
    ['node0', 'node0', true],
    ['node0', 'node00', false],
    ['a,node0', 'node0', true],
    ['NODE0', 'node0', true],
    ['node?', 'node7', true],
    ['node?', 'node', false],
    ['*.example.org', 'a.b.example.org', true],
    ['*.example.org', 'example.org', false],
    ['10.0.0.*', '10.0.0.7', true],
    ['10.0.0.*', '10x0.0.7', false],
    ['*,!node3', 'node3', false],
    ['!node3,*', 'node4', true],
    ['[node0]:2222', '[node0]:2222', true],
    ['[node0]:2222', 'node0', false],
    ['node0', '[node0]:2222', false],
    ['[*]:2222', '[node9]:2222', true],
  ])('%s and %s: %s', (patterns, name, expected) => {
    expect(about(patterns, name)).toBe(expected);
  });
});

describe('knownHostName', () => {
  it('contains the port only when it is not 22', () => {
    expect([knownHostName('Node0', 22), knownHostName('node0', 2222), knownHostName('fe80::1', 22)]).toEqual([
      'node0',
      '[node0]:2222',
      'fe80::1',
    ]);
  });
});

describe('judgeHostKey', () => {
  const judge = (text: string, shown = ED) => judgeHostKey(parseKnownHosts(text), 'node0', key(shown));

  it('returns known for a listed key, also for one of several', () => {
    expect(judge(`node0 ssh-ed25519 ${OTHER}\nnode0 ssh-ed25519 ${ED}`)).toEqual({kind: 'known'});
  });

  it('returns unknown for a server that is not listed', () => {
    expect(judge(`node1 ssh-ed25519 ${ED}`)).toEqual({kind: 'unknown'});
  });

  it('returns changed for another key, with the line of the listed one', () => {
    expect(judge(`# x\nnode0 ssh-ed25519 ${OTHER}`)).toMatchObject({kind: 'changed', known: {line: 2}});
  });

  it('returns changed also when only a key of another type is listed', () => {
    expect(judge('node0 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=')).toMatchObject({kind: 'changed', known: {type: 'ssh-rsa'}});
  });

  it('returns revoked for a revoked key, even if it is also listed as valid', () => {
    expect(judge(`node0 ssh-ed25519 ${ED}\n@revoked * ssh-ed25519 ${ED}`)).toEqual({kind: 'revoked', line: 2});
  });

  it('does not treat the key of a certificate authority as a host key', () => {
    expect(judge(`@cert-authority node0 ssh-ed25519 ${ED}`)).toEqual({kind: 'unknown'});
  });
});

it('formats fingerprints as ssh-keygen does', () => {
  expect(fingerprint(key(ED))).toBe('SHA256:KK3PBRayIB96+LWpgf9RmD0A2K2xdH5O3148kCWpNAE');
  expect(keyType(key(ED))).toBe('ssh-ed25519');
});

describe('addKnownHost', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-known-'));
  });
  afterEach(() => rm(directory, {recursive: true}));

  it('creates the file and its directory for the owner only', async () => {
    const file = join(directory, 'a', 'known_hosts');
    await addKnownHost(file, 'node0', key(ED));
    expect(await readFile(file, 'utf8')).toBe(`node0 ssh-ed25519 ${ED}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o700);
  });

  it('starts a new line', async () => {
    const file = join(directory, 'known_hosts');
    await writeFile(file, 'node1 ssh-ed25519 x');
    const entry = await addKnownHost(file, 'node0', key(ED));
    expect(await readFile(file, 'utf8')).toBe(`node1 ssh-ed25519 x\nnode0 ssh-ed25519 ${ED}\n`);
    expect(entry).toEqual((await readKnownHosts(file)).at(-1));
  });

  it('loses no line when many are added concurrently', async () => {
    const file = join(directory, 'known_hosts');
    const names = Array.from({length: 20}, (_, index) => `node${index}`);
    await Promise.all(names.map((name) => addKnownHost(file, name, key(ED))));
    const entries = await readKnownHosts(file);
    expect(entries.flatMap(({patterns}) => patterns).sort()).toEqual(names.sort());
  });
});
