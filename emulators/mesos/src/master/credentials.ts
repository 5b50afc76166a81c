import {timingSafeEqual} from 'node:crypto';
import {UsageError} from '../common/errors.js';
import type {Reply} from '../common/http-server.js';

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

/**
 * Parses a credentials file: `{"credentials": [{"principal": …, "secret": …}]}` or lines `principal secret`.
 * @throws {UsageError} with the path of the file, but never its content
 */
export function parseCredentials(text: string, path: string): Credentials {
  if (text.trimStart().startsWith('{')) {
    try {
      const json = JSON.parse(text) as {credentials: {principal: string; secret: string}[]};
      return new Map(json.credentials.map(({principal, secret}) => [principal, secret]));
    } catch {
      throw new UsageError(`Invalid credentials file '${path}': not the expected JSON`);
    }
  }
  const pairs = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
  if (pairs.some((pair) => pair.length !== 2))
    throw new UsageError(`Invalid credential format in '${path}': expected lines of principal and secret`);
  return new Map(pairs as [string, string][]);
}

/** The principal of a Basic authorization header; undefined when the header is missing or its secret is wrong. */
export function authenticate(credentials: Credentials, authorization: string | undefined): string | undefined {
  const match = /^Basic\s+(\S+)$/i.exec(authorization ?? '');
  if (!match) return undefined;
  const [principal, ...rest] = Buffer.from(match[1]!, 'base64').toString('utf8').split(':');
  const secret = credentials.get(principal!);
  if (secret === undefined) return undefined;
  const [given, expected] = [Buffer.from(rest.join(':')), Buffer.from(secret)];
  return given.length === expected.length && timingSafeEqual(given, expected) ? principal : undefined;
}

export function unauthorized(realm: 'mesos-master-scheduler' | 'mesos-master-readonly' | 'mesos-master-readwrite'): Reply {
  return {status: 401, text: '401 Unauthorized.', headers: {'WWW-Authenticate': `Basic realm="${realm}"`}};
}
