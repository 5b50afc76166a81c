import {z} from 'zod';
import {parseIpv4} from '../support/address.js';
import {hasHostBits, parseIpv4Block} from '../support/block.js';
import {FIRST_FREE_PORT} from './cluster.js';

/** What a single value has to look like, each with its mend. The messages never repeat the value. */

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const DOCKERS_NETWORKS: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'default']);
const IMAGE = /^[a-z0-9][a-z0-9._:-]*(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/;

function text(isValid: (value: string) => boolean, message: string, hint: string) {
  return z.string().refine(isValid, {error: message, params: {hint}});
}

function number(isValid: (value: number) => boolean, message: string, hint: string) {
  return z.number().refine(isValid, {error: message, params: {hint}});
}

/** Whether the text serves as a host name and as a container's name. */
export function isName(value: string): boolean {
  return NAME.test(value);
}

export const NAME_HINT = 'use lower-case letters, digits and dashes, at most 63, with no dash at either end';

export const name = text(isName, 'not a valid name', NAME_HINT);
export const label = text((value) => LABEL.test(value), 'not a valid name', 'use letters, digits, `.`, `_` and `-`, at most 63');
export const networkName = text(
  (value) => LABEL.test(value) && !DOCKERS_NETWORKS.has(value),
  'not a name that a network of its own can have',
  "use letters, digits, `.`, `_` and `-`, at most 63, as calico_net; `bridge`, `host`, `none` and `default` are Docker's own",
);
export const ipv4 = text(
  (value) => parseIpv4(value) !== undefined,
  'not an IPv4 address',
  'write four numbers from 0 to 255, as 172.16.1.137',
).transform((value) => parseIpv4(value)!);
export const plain = text(
  (value) => /^[^\s\p{Cc}]+$/u.test(value),
  'empty, or with a space in it',
  'give one word without spaces',
);
export const line = text((value) => /^[^\p{Cc}]+$/u.test(value), 'empty, or more than one line', 'give one line of text');
export const argument = text((value) => !value.includes('\0'), 'has a NUL character', 'delete it');
export const file = text(
  (value) => value !== '' && !value.includes('\0'),
  'not a file name',
  'give a path, absolute, from `~/`, or from the folder of this file',
);
export const image = text(
  (value) => IMAGE.test(value),
  'not the name of a container image',
  'write it as debian:bookworm-slim or registry.example.org/team/image:tag',
);
export const sha256 = text(
  (value) => /^[0-9a-fA-F]{64}$/.test(value),
  'not a SHA-256 checksum',
  'give the 64 hexadecimal digits that `sha256sum FILE` prints, in quotes',
);
export const containerUser = text(
  (value) => /^[a-z_][a-z0-9_-]{0,31}$/.test(value) && value !== 'root',
  'not a user that the containers can have',
  'use a name such as zzw: lower-case letters, digits, `-` and `_`, at most 32; not root',
);
/** Says the name of a variable, not its content: a password put here by mistake is not repeated in the message. */
export const variable = text(
  (value) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(value),
  'not the name of an environment variable',
  'give the name of the variable that holds the password, as HW5_PASSWORD, not the password',
);
export const cidr = z
  .string()
  .refine((value) => parseIpv4Block(value) !== undefined, {
    error: 'not a subnet',
    params: {hint: 'write an IPv4 block as 192.168.0.0/16'},
    abort: true,
  })
  .refine((value) => !hasHostBits(value), {
    error: 'names an address inside the block, not the block',
    params: {hint: 'clear the bits behind the prefix, as in 192.168.0.0/16'},
  })
  .transform((value) => parseIpv4Block(value)!);
export const url = text(
  isUrl,
  'not an http or https URL',
  'write it as https://example.org/calicoctl, without user and password',
);
export const hostPort = text(
  isHostPort,
  'not host:port',
  'write the leading master as 172.16.1.137:5050; ZooKeeper addresses are not understood',
);
export const dataDir = text(
  isOwnFolder,
  'not a folder that hw5 may own',
  'give an absolute path of its own, as /var/lib/hw5/etcd, or one below /srv, /opt, /mnt/DISK, /home/USER or a folder of yours in /: `down --purge` deletes it whole',
);
export const resources = text(
  (value) => /^[^\s:;]+:[^;]+(;[^\s:;]+:[^;]+)*$/.test(value),
  'not a list of Mesos resources',
  'write it as `cpus:4;mem:4096`',
);

export const port = number(
  (value) => Number.isInteger(value) && value >= 1 && value <= 65_535,
  'not a port',
  'give a whole number from 1 to 65535',
);
/** For services that run as users of their own. */
export const unprivilegedPort = number(
  (value) => Number.isInteger(value) && value >= FIRST_FREE_PORT && value <= 65_535,
  "not a port that a service without root's rights can open",
  `give a whole number from ${FIRST_FREE_PORT} to 65535`,
);
export const cpus = number((value) => value >= 0.01 && value <= 1024, 'not a number of cpus', 'give a number from 0.01, as 0.5');
export const mem = number(
  (value) => Number.isInteger(value) && value >= 32,
  'not enough memory',
  'give whole megabytes, at least 32: Mesos gives no container less',
);
/** A whole number within limits, with its unit in the message. */
export function whole(min: number, max: number, unit: string) {
  return number(
    (value) => Number.isInteger(value) && value >= min && value <= max,
    `not a number of ${unit} from ${min} to ${max}`,
    `give a whole number from ${min} to ${max}`,
  );
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

/** Folders in / that belong to the system and its packages. Below /var/lib, only what is called etcd below hw5's own is nobody else's. */
const SYSTEM = /^\/(bin|boot|dev|etc|lib\w*|proc|root|run|sbin|snap|sys|tmp|usr|var)\//;
const OWN = /^\/var\/lib\/hw5\/etcd/;
/** Whose folders each belong to somebody, or are whole disks: a folder in one of them is wanted. */
const SHARED = /^\/(home|mnt|media)\/[^/]+$/;

/** Whether a purge that takes the folder away takes nothing of anybody else: folders that begin with a dot hold keys and settings. */
function isOwnFolder(value: string): boolean {
  const isNormal = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/.test(value);
  return isNormal && !SHARED.test(value) && (OWN.test(value) || !SYSTEM.test(value));
}
