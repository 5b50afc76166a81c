import {createHash, createHmac} from 'node:crypto';
import {mkdir, open, readFile} from 'node:fs/promises';
import {dirname} from 'node:path';

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  /** Counts from 1. */
  readonly line: number;
  readonly marker: '@revoked' | '@cert-authority' | undefined;
  /** Names, patterns, `[name]:port`, `!negated`; or one hashed name, `|1|salt|hash`. */
  readonly patterns: readonly string[];
  readonly type: string;
  readonly key: Buffer;
}

/** Ignores lines that are not host keys, as ssh does. */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split('\n').flatMap((source, index) => {
    const fields = source.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [patterns, type, key] = fields;
    if (patterns === undefined || patterns.startsWith('#') || type === undefined || key === undefined) return [];
    if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return [];
    return [{line: index + 1, marker, patterns: patterns.split(','), type, key: Buffer.from(key, 'base64')}];
  });
}

/** A server's name in known_hosts, in lower case: the bare name for port 22, else `[name]:port`. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Whether the line applies to the server of that name (from `knownHostName`). */
export function isAbout(entry: KnownHost, name: string): boolean {
  let isMatch = false;
  for (const pattern of entry.patterns) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), name)) return false;
    } else if (matches(pattern, name)) {
      isMatch = true;
    }
  }
  return isMatch;
}

function matches(pattern: string, name: string): boolean {
  if (pattern.startsWith('|1|')) {
    const [, , salt, hash] = pattern.split('|');
    return (
      createHmac('sha1', Buffer.from(salt ?? '', 'base64'))
        .update(name)
        .digest('base64') === hash
    );
  }
  const expression = pattern.toLowerCase().replace(/[\\^$+.()|[\]{}*?]/g, (c) => (c === '*' ? '.*' : c === '?' ? '.' : `\\${c}`));
  return new RegExp(`^${expression}$`).test(name);
}

/** How a key that a server presents compares with known_hosts. */
export type HostKeyVerdict =
  | {readonly kind: 'known'}
  | {readonly kind: 'unknown'}
  | {readonly kind: 'revoked'; readonly line: number}
  /** The server is known with other keys. */
  | {readonly kind: 'changed'; readonly known: KnownHost};

/** Compares a server's key with known_hosts. Host certificates are not supported: `@cert-authority` lines are ignored. */
export function judgeHostKey(entries: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const about = entries.filter((entry) => isAbout(entry, name) && entry.marker !== '@cert-authority');
  const revoked = about.find((entry) => entry.marker === '@revoked' && entry.key.equals(key));
  if (revoked) return {kind: 'revoked', line: revoked.line};
  const trusted = about.filter((entry) => entry.marker === undefined);
  if (trusted.some((entry) => entry.key.equals(key))) return {kind: 'known'};
  const known = trusted.find((entry) => entry.type === keyType(key)) ?? trusted[0];
  return known ? {kind: 'changed', known} : {kind: 'unknown'};
}

/** The types of the keys that known_hosts has for a server. */
export function knownTypes(entries: readonly KnownHost[], name: string): string[] {
  return [...new Set(entries.filter((entry) => entry.marker === undefined && isAbout(entry, name)).map((entry) => entry.type))];
}

/** The type at the start of a public key in wire format. */
export function keyType(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** As ssh-keygen -l prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replaceAll('=', '')}`;
}

/** The entries of a known_hosts file; none when it does not exist. */
export async function readKnownHosts(file: string): Promise<KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Adds a key with one write to a file opened for appending, so that concurrent connections and processes of hw5 do not lose each other's lines.
 * The file is created with mode 0600, its directory with 0700.
 */
export async function addKnownHost(file: string, name: string, key: Buffer): Promise<KnownHost> {
  await mkdir(dirname(file), {recursive: true, mode: 0o700});
  await using handle = await open(file, 'a+', 0o600);
  const text = await handle.readFile('utf8');
  const start = text === '' || text.endsWith('\n') ? '' : '\n';
  await handle.appendFile(`${start}${name} ${keyType(key)} ${key.toString('base64')}\n`);
  await handle.sync();
  return {line: (text + start).split('\n').length, marker: undefined, patterns: [name], type: keyType(key), key};
}
