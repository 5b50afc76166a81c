import {parseIp, parseNet} from '../../model/ip.js';
import type {Type} from '../schema/type.js';

/** The types of single values, with the messages of the Go functions that parse them. */

const parsed = (name: string, parse: (json: unknown) => unknown): Type => ({is: 'parsed', name, parse});

function text(json: unknown): string {
  if (typeof json === 'string') return json;
  const kind = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
  throw new Error(`json: cannot unmarshal ${kind} into Go value of type string`);
}

export const IP = parsed('net.IP', (json) => {
  const given = text(json);
  if (given === '') return undefined;
  const ip = parseIp(given);
  if (ip === undefined) throw new Error(`invalid IP address: ${given}`);
  return ip.text;
});

/** A network, whose host bits are kept. */
export const NET = parsed('net.IPNet', (json) => {
  const given = text(json);
  const net = parseNet(given);
  if (net === undefined) throw new Error(`invalid IP address: ${given}`);
  return net.text;
});

export const MAC = parsed('net.MAC', (json) => {
  const given = text(json);
  if (!/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(given)) throw new Error(`address ${given}: invalid MAC address`);
  return given.toLowerCase().replaceAll('-', ':');
});

/** A name, or a number that may be given as a string. */
export const PROTOCOL = parsed('numorstring.Protocol', (json) => {
  if (typeof json === 'number') {
    if (Number.isInteger(json) && json >= 0 && json <= 255) return json;
    throw new Error(`json: cannot unmarshal number ${json} into Go value of type uint8`);
  }
  if (typeof json === 'boolean') throw new Error('json: cannot unmarshal bool into Go value of type uint8');
  const given = text(json);
  return /^\d{1,3}$/.test(given) && Number(given) <= 255 ? Number(given) : given;
});

/** A port, or a range as `1000:2000`. */
export const PORT = parsed('numorstring.Port', (json) => {
  if (typeof json === 'number') {
    if (isPort(json)) return json;
    throw new Error(`json: cannot unmarshal number ${json} into Go value of type uint16`);
  }
  const given = text(json);
  const parts = given.split(':');
  if (parts.length === 1 && isPort(given)) return Number(given);
  if (parts.length !== 2) throw new Error(`invalid port format (${given})`);
  const [first = '', last = ''] = parts;
  if (!isPort(first)) throw new Error(`invalid minimum port number in range (${given})`);
  if (!isPort(last)) throw new Error(`invalid maximum port number in range (${given})`);
  const [low, high] = [Number(first), Number(last)];
  if (low > high) throw new Error(`minimum port number (${low}) is greater than maximum port number (${high}) in port range`);
  return low === high ? low : `${low}:${high}`;
});

export const AS_NUMBER = parsed('numorstring.ASNumber', (json) => {
  if (typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= 0xffffffff) return json;
  const number = parseAsNumber(text(json));
  if (number === undefined) throw new Error(`invalid AS Number format (${json})`);
  return number;
});

/** Reads an AS number, plain or dotted: `65.1` is 65 × 65536 + 1. */
export function parseAsNumber(given: string): number | undefined {
  if (/^\d{1,10}$/.test(given) && Number(given) <= 0xffffffff) return Number(given);
  const [, high, low] = /^(\d{1,5})\.(\d{1,5})$/.exec(given) ?? [];
  if (high === undefined || low === undefined || Number(high) > 0xffff || Number(low) > 0xffff) return undefined;
  return Number(high) * 0x10000 + Number(low);
}

function isPort(value: number | string): boolean {
  return /^\d{1,5}$/.test(String(value)) && Number(value) <= 0xffff;
}
