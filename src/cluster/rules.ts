import * as z from 'zod';
import {parseIpv4} from '../support/address.js';
import {hasHostBits, parseIpv4Block} from '../support/block.js';
import {FIRST_UNPRIVILEGED_PORT} from './cluster.js';

/**
 * What a single value of the cluster file has to be, each with a message and a hint. The messages never repeat the value: it may be a secret in the
 * wrong place. `meta` adds to the JSON Schema what zod cannot derive from a `refine`.
 */

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const NAMES_OF_DOCKER: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'default']);
const IMAGE = /^[a-z0-9][a-z0-9._:-]*(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/;
/** `\p{Cc}` for validators of JSON Schema that compile patterns without Unicode properties. */
const CONTROL = '\\u0000-\\u001f\\u007f-\\u009f';
const IPV4 = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}';

function text(isValid: (value: string) => boolean, message: string, hint: string) {
  return z.string().refine(isValid, {error: message, params: {hint}});
}

function matching(pattern: RegExp, message: string, hint: string, jsonPattern = pattern.source) {
  return text((value) => pattern.test(value), message, hint).meta({pattern: jsonPattern});
}

function integer(minimum: number, maximum: number, message: string, hint: string) {
  const isValid = (value: number) => Number.isInteger(value) && value >= minimum && value <= maximum;
  return z.number().refine(isValid, {error: message, params: {hint}}).meta({type: 'integer', minimum, maximum});
}

/** Whether the string is valid as a host name and as the name of a container. */
export function isName(value: string): boolean {
  return NAME.test(value);
}

export const NAME_HINT = 'use lower-case letters, digits and dashes, at most 63 characters, with no dash at either end';

export const name = matching(NAME, 'not a valid name', NAME_HINT);
export const label = matching(LABEL, 'not a valid name', 'use letters, digits, `.`, `_` and `-`, at most 63 characters');
export const networkName = text(
  (value) => LABEL.test(value) && !NAMES_OF_DOCKER.has(value),
  'not a valid name for the network',
  'use letters, digits, `.`, `_` and `-`, at most 63 characters, as calico_net; `bridge`, `host`, `none` and `default` are reserved by Docker',
).meta({pattern: LABEL.source});
export const ipv4 = text(
  (value) => parseIpv4(value) !== undefined,
  'not an IPv4 address',
  'write four numbers from 0 to 255, as 172.16.1.137',
)
  .meta({pattern: `^${IPV4}$`})
  .transform((value) => parseIpv4(value)!);
export const plain = matching(
  /^[^\s\p{Cc}]+$/u,
  'empty, or contains a space',
  'write one word without spaces',
  `^[^\\s${CONTROL}]+$`,
);
export const line = matching(/^[^\p{Cc}]+$/u, 'empty, or more than one line', 'write one line of text', `^[^${CONTROL}]+$`);
export const argument = text((value) => !value.includes('\0'), 'contains a NUL character', 'delete the NUL character');
export const file = text(
  (value) => value !== '' && !value.includes('\0'),
  'not a file name',
  'write an absolute path, one that starts with `~/`, or one relative to the directory of this file',
);
export const image = matching(
  IMAGE,
  'not the name of a container image',
  'write it as debian:bookworm-slim or registry.example.org/team/image:tag',
);
export const sha256 = matching(
  /^[0-9a-fA-F]{64}$/,
  'not a SHA-256 checksum',
  'write the 64 hexadecimal digits that `sha256sum FILE` prints, in quotes',
);
export const containerUser = text(
  (value) => /^[a-z_][a-z0-9_-]{0,31}$/.test(value) && value !== 'root',
  'not a valid user name for the containers',
  'use lower-case letters, digits, `-` and `_`, at most 32 characters, as zzw; root is not allowed',
);
/** Takes the name of a variable, not its value: the message does not repeat a password that was put here by mistake. */
export const variable = matching(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'not the name of an environment variable',
  'write the name of the variable that contains the password, as HW5_PASSWORD, not the password',
);
export const cidr = z
  .string()
  .refine((value) => parseIpv4Block(value) !== undefined, {
    error: 'not a subnet',
    params: {hint: 'write an IPv4 block with its prefix length, as 192.168.0.0/16'},
    abort: true,
  })
  .refine((value) => !hasHostBits(value), {
    error: 'not the first address of the block',
    params: {hint: 'set the bits after the prefix to 0, as in 192.168.0.0/16'},
  })
  .meta({pattern: `^${IPV4}/(3[0-2]|[12]?\\d)$`})
  .transform((value) => parseIpv4Block(value)!);
export const url = text(
  isUrl,
  'not an http or https URL',
  'write it as https://example.org/calicoctl, without user and password',
);
export const hostPort = text(
  isHostPort,
  'not of the form host:port',
  'write the address of the leading master, as 172.16.1.137:5050; ZooKeeper URLs are not supported',
);
export const dataDir = text(
  isOwnDirectory,
  'not a directory that hw5 may own',
  '`hw5 down --purge` deletes it with everything in it: write an absolute path that nothing else uses, as /var/lib/hw5/etcd, or one below /srv, /opt, /mnt/DISK, /home/USER or a top-level directory of your own',
);
export const resources = matching(
  /^[^\s:;]+:[^;]+(;[^\s:;]+:[^;]+)*$/,
  'not a list of Mesos resources',
  'write it as `cpus:4;mem:4096`',
);

export const port = integer(1, 65_535, 'not a port', 'write a whole number from 1 to 65535');
/** For services that run as unprivileged users. */
export const unprivilegedPort = integer(
  FIRST_UNPRIVILEGED_PORT,
  65_535,
  'not a port that an unprivileged service can open',
  `write a whole number from ${FIRST_UNPRIVILEGED_PORT} to 65535`,
);
export const cpus = z
  .number()
  .refine((value) => value >= 0.01 && value <= 1024, {
    error: 'not a valid share of CPUs',
    params: {hint: 'write a number from 0.01 to 1024, as 0.5'},
  })
  .meta({minimum: 0.01, maximum: 1024});
export const mem = z
  .number()
  .refine((value) => Number.isInteger(value) && value >= 32, {
    error: 'not a valid amount of memory',
    params: {hint: 'write whole megabytes, at least 32, the minimum of Mesos'},
  })
  .meta({type: 'integer', minimum: 32});
/** A whole number within limits, with its unit in the message. */
export function whole(min: number, max: number, unit: string) {
  return integer(min, max, `not a number of ${unit} from ${min} to ${max}`, `write a whole number from ${min} to ${max}`);
}

function isUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const {protocol, username, password} = new URL(value);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}

function isHostPort(value: string): boolean {
  const match = /^([A-Za-z0-9][A-Za-z0-9.-]*):(\d{1,5})$/.exec(value);
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
}

/** Top-level directories that belong to the system and its packages. The only exception below them is etcd's directory in hw5's own. */
const SYSTEM = /^\/(bin|boot|dev|etc|lib\w*|proc|root|run|sbin|snap|sys|tmp|usr|var)\//;
const OWN = /^\/var\/lib\/hw5\/etcd/;
/** A home directory or a whole disk: only a directory below one is acceptable. */
const SHARED = /^\/(home|mnt|media)\/[^/]+$/;

/** Whether deleting the directory deletes nothing else of value. Names that begin with a dot are rejected: such directories contain keys and settings. */
function isOwnDirectory(value: string): boolean {
  const isNormal = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/.test(value);
  return isNormal && !SHARED.test(value) && (OWN.test(value) || !SYSTEM.test(value));
}
