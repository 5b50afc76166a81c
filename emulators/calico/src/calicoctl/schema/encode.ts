import type {Field, Type, Value} from './type.js';

/** The JSON of a value: fields in the order of the Go struct, without those that are empty. */
export function encode(value: Value, type: Type): unknown {
  if (type.is === 'struct') {
    const record = (value ?? {}) as Readonly<Record<string, Value>>;
    return Object.fromEntries(
      type.fields.flatMap((field) => (isPrinted(record[field.json], field) ? [[field.json, encodeField(record, field)]] : [])),
    );
  }
  if (type.is === 'list') return ((value ?? []) as readonly Value[]).map((item) => encode(item, type.of));
  if (type.is === 'map') {
    return Object.fromEntries(Object.entries((value ?? {}) as object).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return value;
}

function encodeField(record: Readonly<Record<string, Value>>, {json, type}: Field): unknown {
  const value = record[json];
  return value === undefined && (type.is === 'string' || type.is === 'parsed') ? '' : encode(value, type);
}

function isPrinted(value: Value, {type, isAlwaysPrinted = false, isPointer = false}: Field): boolean {
  if (isAlwaysPrinted) return true;
  if (isPointer) return value !== undefined;
  switch (type.is) {
    case 'struct': // Go's omitempty has no effect on a struct
      return true;
    case 'list':
      return Array.isArray(value) && value.length > 0;
    case 'map':
      return value !== undefined && Object.keys(value as object).length > 0;
    default:
      return value !== undefined && value !== '' && value !== false && value !== 0;
  }
}
