import {type FieldSpec, type FieldType, field, MessageError, type MessageSpec, string} from './message.js';

/**
 * The protobuf encoding of the messages of message.ts (https://protobuf.dev/programming-guides/encoding). In memory, values have the same
 * form as in JSON: enum values are names, bytes are base64.
 */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Encodes the fields that the spec contains, in the order of their numbers. */
export function encodeMessage(spec: MessageSpec, value: Readonly<Record<string, unknown>>): Buffer {
  const present = Object.entries(spec).filter(([name]) => value[name] !== undefined && value[name] !== null);
  present.sort(([, a], [, b]) => a.number - b.number);
  const parts = present.flatMap(([name, {number, type, repeated}]) => {
    const items = repeated ? (value[name] as unknown[]) : type.kind === 'map' ? entries(value[name] as object) : [value[name]];
    return items.flatMap((item) => encodeField(number, type, item));
  });
  return Buffer.concat(parts);
}

/** In protobuf, a map is a repeated message with a key and a value. */
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

/** Seven bits per byte, lowest first. Negative numbers are encoded as 64-bit two's complement. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/**
 * Decodes the fields that the spec contains and skips unknown fields and enum values. Required fields are not checked: parseMessage does so.
 * @throws {MessageError} when the bytes are not a valid message
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
    const {key, value: entry} = value as {key: string; value: unknown};
    result[name] = {...(result[name] as object | undefined), [key]: entry};
  } else result[name] = value;
}

/** An encoded value: a 64-bit number, or bytes. */
type Raw = bigint | Buffer;

/** Repeated numbers may be packed into a single field. */
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
        throw new MessageError('expected bytes, got a number');
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
      throw new MessageError('expected a number, got bytes');
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
    throw new MessageError('a number has more than 64 bits');
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MessageError('the message is cut off');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
