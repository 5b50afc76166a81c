import {type FieldSpec, type FieldType, field, MessageError, type MessageSpec, string} from './message.js';

/**
 * Protobuf's wire form of the messages of message.ts (https://protobuf.dev/programming-guides/encoding). Their values here are those of the
 * JSON form: enum values by name, bytes in base64.
 */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Encodes the fields a spec knows, in the order of their numbers. */
export function encodeMessage(spec: MessageSpec, value: Readonly<Record<string, unknown>>): Buffer {
  const given = Object.entries(spec).filter(([name]) => value[name] !== undefined && value[name] !== null);
  given.sort(([, a], [, b]) => a.number - b.number);
  const parts = given.flatMap(([name, {number, type, repeated}]) => {
    const items = repeated ? (value[name] as unknown[]) : type.kind === 'map' ? entries(value[name] as object) : [value[name]];
    return items.flatMap((item) => encodeField(number, type, item));
  });
  return Buffer.concat(parts);
}

/** A map is a repeated message of keys and values. */
function entries(map: object): object[] {
  return Object.entries(map).map(([key, value]) => ({key, value}));
}

function entrySpec(value: FieldType): MessageSpec {
  return {key: field(1, string), value: field(2, value)};
}

function encodeField(number: number, type: FieldType, value: unknown): Buffer[] {
  switch (type.kind) {
    case 'string':
      return delimited(number, Buffer.from(value as string));
    case 'bytes':
      return delimited(number, Buffer.from(value as string, 'base64'));
    case 'message':
      return delimited(number, encodeMessage(type.fields(), value as Record<string, unknown>));
    case 'map':
      return delimited(number, encodeMessage(entrySpec(type.value), value as Record<string, unknown>));
    case 'opaque':
      return delimited(number, Buffer.alloc(0));
    case 'boolean':
      return [tag(number, VARINT), varint(value ? 1n : 0n)];
    case 'enum': {
      const known = type.values[value as string];
      return known === undefined ? [] : [tag(number, VARINT), varint(BigInt(known))];
    }
    case 'number': {
      if (type.wire === 'varint') return [tag(number, VARINT), varint(BigInt(Math.round(value as number)))];
      const double = Buffer.alloc(8);
      double.writeDoubleLE(value as number);
      return [tag(number, FIXED64), double];
    }
  }
}

function tag(number: number, wireType: number): Buffer {
  return varint(BigInt(number * 8 + wireType));
}

function delimited(number: number, content: Buffer): Buffer[] {
  return [tag(number, DELIMITED), varint(BigInt(content.length)), content];
}

/** Seven bits a byte, the lowest first. Negative numbers are written as those of 64 bits. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/**
 * Decodes what a spec knows; unknown fields and enum values are skipped. Whether all that is required is there, parseMessage sees.
 * @throws {MessageError} for bytes that are no message
 */
export function decodeMessage(spec: MessageSpec, bytes: Buffer): Record<string, unknown> {
  const byNumber = new Map(Object.entries(spec).map(([name, fieldSpec]) => [fieldSpec.number, [name, fieldSpec] as const]));
  const result: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const {number, wireType} = reader.tag();
    const raw = reader.value(wireType);
    const known = byNumber.get(number);
    if (!known) continue;
    const [name, fieldSpec] = known;
    for (const item of unpack(fieldSpec, raw)) {
      const value = decodeValue(fieldSpec.type, item);
      if (value !== undefined) put(result, name, fieldSpec, value);
    }
  }
  return result;
}

function put(result: Record<string, unknown>, name: string, {type, repeated}: FieldSpec, value: unknown): void {
  if (repeated) result[name] = [...((result[name] as unknown[] | undefined) ?? []), value];
  else if (type.kind === 'map') {
    const {key, value: inside} = value as {key: string; value: unknown};
    result[name] = {...(result[name] as object | undefined), [key]: inside};
  } else result[name] = value;
}

/** A value as it stands on the wire: a number of 64 bits, or bytes. */
type Raw = bigint | Buffer;

/** Repeated numbers may come packed into one field. */
function unpack({type, repeated}: FieldSpec, raw: Raw): Raw[] {
  const isNumeric = type.kind === 'number' || type.kind === 'enum' || type.kind === 'boolean';
  if (!repeated || !isNumeric || typeof raw === 'bigint') return [raw];
  const reader = new Reader(raw);
  const items: Raw[] = [];
  while (!reader.isAtEnd) items.push(reader.value(type.kind === 'number' && type.wire === 'double' ? FIXED64 : VARINT));
  return items;
}

function decodeValue(type: FieldType, raw: Raw): unknown {
  if (typeof raw === 'bigint') {
    switch (type.kind) {
      case 'boolean':
        return raw !== 0n;
      case 'enum':
        return Object.keys(type.values).find((name) => BigInt(type.values[name]!) === raw);
      case 'number':
        return type.wire === 'double' ? doubleOf(raw) : Number(BigInt.asIntN(64, raw));
      default:
        throw new MessageError('a number where bytes are expected');
    }
  }
  switch (type.kind) {
    case 'string':
      return raw.toString('utf8');
    case 'bytes':
      return raw.toString('base64');
    case 'message':
      return decodeMessage(type.fields(), raw);
    case 'map':
      return decodeMessage(entrySpec(type.value), raw);
    case 'opaque':
      return {};
    default:
      throw new MessageError('bytes where a number is expected');
  }
}

function doubleOf(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, bits));
  return bytes.readDoubleLE();
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  tag(): {number: number; wireType: number} {
    const value = Number(this.#varint());
    return {number: Math.floor(value / 8), wireType: value % 8};
  }

  value(wireType: number): Raw {
    switch (wireType) {
      case VARINT:
        return this.#varint();
      case FIXED64:
        return this.#take(8).readBigUInt64LE();
      case DELIMITED:
        return this.#take(Number(this.#varint()));
      case FIXED32:
        return BigInt(this.#take(4).readUInt32LE());
      default:
        throw new MessageError(`wire type ${wireType} is not supported`);
    }
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MessageError('a number of more than 64 bits');
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MessageError('the message is cut off');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
