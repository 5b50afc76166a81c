/**
 * Describes the messages of Mesos' API once for both JSON and protobuf. JSON is parsed like Mesos' protobuf library does: unknown fields are
 * ignored, numbers may be strings, an unknown enum value counts as absent. Missing fields and wrong types are rejected with upstream's
 * messages. The numbers of fields and enum values are for protobuf (protobuf.ts).
 */

export type FieldType =
  | {readonly kind: 'string' | 'boolean' | 'bytes'}
  | {readonly kind: 'number'; readonly wire: 'double' | 'varint'}
  | {readonly kind: 'enum'; readonly values: Readonly<Record<string, number>>}
  /** `isList`: a response that consists of lists, which it has in JSON even if they are empty. */
  | {readonly kind: 'message'; readonly fields: () => MessageSpec; readonly isList?: true}
  /** A map from strings to values. */
  | {readonly kind: 'map'; readonly value: FieldType}
  /** A message whose content is not used, only whether it is set. */
  | {readonly kind: 'opaque'};

export interface FieldSpec {
  readonly number: number;
  readonly type: FieldType;
  readonly required: boolean;
  readonly repeated: boolean;
  /** The default value of proto2, which responses in JSON have in place of an absent field. */
  readonly default?: string | number | boolean;
}

export type MessageSpec = Readonly<Record<string, FieldSpec>>;

/** The body of a request is not a valid message. */
export class MessageError extends Error {}

export const field = (number: number, type: FieldType, byDefault?: string | number | boolean): FieldSpec => ({
  number,
  type,
  required: false,
  repeated: false,
  ...(byDefault === undefined ? {} : {default: byDefault}),
});
export const required = (number: number, type: FieldType): FieldSpec => ({number, type, required: true, repeated: false});
export const repeated = (number: number, type: FieldType): FieldSpec => ({number, type, required: false, repeated: true});
export const string: FieldType = {kind: 'string'};
export const double: FieldType = {kind: 'number', wire: 'double'};
export const integer: FieldType = {kind: 'number', wire: 'varint'};
export const boolean: FieldType = {kind: 'boolean'};
export const bytes: FieldType = {kind: 'bytes'};
export const opaque: FieldType = {kind: 'opaque'};
export const map = (value: FieldType): FieldType => ({kind: 'map', value});
export const oneOf = (values: Readonly<Record<string, number>>): FieldType => ({kind: 'enum', values});
export const message = (fields: MessageSpec | (() => MessageSpec)): FieldType => ({
  kind: 'message',
  fields: typeof fields === 'function' ? fields : () => fields,
});

export const lists = (fields: MessageSpec): FieldType => ({kind: 'message', fields: () => fields, isList: true});

/** Parses JSON. @throws {MessageError} with upstream's message */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Mesos appends the unparsed rest of the body, which is unknown here; it is empty when the body is cut off.
    throw new MessageError('Failed to parse body into JSON: syntax error at line 1 near: ');
  }
}

/**
 * Parses a message from its JSON form.
 * @throws {MessageError}
 */
export function parseMessage(spec: MessageSpec, json: unknown): Record<string, unknown> {
  if (!isObject(json)) throw new MessageError('Expecting a JSON object');
  const missing: string[] = [];
  const result = readMessage(spec, json, '', missing);
  if (missing.length > 0) throw new MessageError(`Missing required fields: ${missing.join(', ')}`);
  return result;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function readMessage(spec: MessageSpec, json: Record<string, unknown>, path: string, missing: string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, fieldSpec] of Object.entries(spec)) {
    const value = json[name];
    const at = path === '' ? name : `${path}.${name}`;
    if (value === undefined || value === null) {
      if (fieldSpec.required) missing.push(at);
      continue;
    }
    if (fieldSpec.repeated) {
      if (!Array.isArray(value)) reject(value, name);
      result[name] = value.map((item, index) => readValue(fieldSpec.type, item, name, `${at}[${index}]`, missing));
      continue;
    }
    const read = readValue(fieldSpec.type, value, name, at, missing);
    if (read !== undefined) result[name] = read;
    else if (fieldSpec.required) missing.push(at);
  }
  return result;
}

function readValue(type: FieldType, value: unknown, name: string, path: string, missing: string[]): unknown {
  switch (type.kind) {
    case 'opaque':
      return isObject(value) ? value : reject(value, name);
    case 'map':
      if (!isObject(value)) return reject(value, name);
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, readValue(type.value, item, name, `${path}.${key}`, missing)]),
      );
    case 'message':
      return isObject(value) ? readMessage(type.fields(), value, path, missing) : reject(value, name);
    case 'enum':
      if (typeof value !== 'string') return reject(value, name);
      return value in type.values ? value : undefined;
    case 'string':
      return typeof value === 'string' ? value : reject(value, name);
    case 'boolean':
      return typeof value === 'boolean' ? value : reject(value, name);
    case 'bytes':
      return typeof value === 'string' ? readBytes(value, name) : reject(value, name);
    case 'number':
      if (typeof value === 'number') return value;
      return typeof value === 'string' ? readNumber(value, name) : reject(value, name);
  }
}

function reject(value: unknown, name: string): never {
  throw new MessageError(`Not expecting a JSON ${jsonType(value)} for field '${name}'`);
}

function jsonType(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function readNumber(value: string, name: string): number {
  const read = Number(value);
  if (value.trim() !== '' && Number.isFinite(read)) return read;
  throw new MessageError(
    `Failed to parse '${value}' as a JSON number for field '${name}': syntax error at line 1 near: ${value.slice(1)}`,
  );
}

function readBytes(value: string, name: string): string {
  const bad = /[^A-Za-z0-9+/=\s]/.exec(value)?.[0];
  if (bad !== undefined) throw new MessageError(`Failed to base64 decode bytes field '${name}': Invalid character '${bad}'`);
  return value;
}
