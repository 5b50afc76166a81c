import {goFloat} from '../schema/problems.js';
import {BOOLEAN, type Field, FLOAT, STRING, type Type} from '../schema/type.js';

/** A value in a template, with its Go type. An undefined value is the zero value, or the nil of a pointer. */
export interface Datum {
  readonly type: Type;
  readonly value: unknown;
  readonly isPointer?: boolean;
}

/** The type of the items of a list that are values with their own type. */
export const ANY: Type = {is: 'string', name: 'interface {}'};

export function datumOf(value: string | number | boolean | undefined): Datum {
  if (typeof value === 'string') return {type: STRING, value};
  if (typeof value === 'number') return {type: Number.isInteger(value) ? {is: 'integer', name: 'int'} : FLOAT, value};
  return value === undefined ? {type: STRING, value, isPointer: true} : {type: BOOLEAN, value};
}

export function isNil({value, isPointer = false}: Datum): boolean {
  return isPointer && value === undefined;
}

/** Whether the value is neither zero nor empty nor nil. */
export function isTrue(datum: Datum): boolean {
  const {type, value} = datum;
  if (isNil(datum)) return false;
  if (datum.isPointer) return true;
  if (type.is === 'struct') return true;
  if (type.is === 'list') return ((value ?? []) as readonly unknown[]).length > 0;
  if (type.is === 'map') return Object.keys((value ?? {}) as object).length > 0;
  return Boolean(value);
}

/** The items of a list or map, with their index or key. @throws Error for another type */
export function itemsOf({type, value}: Datum): (readonly [Datum, Datum])[] {
  if (type.is === 'list')
    return ((value ?? []) as readonly unknown[]).map(
      (item, i) => [datumOf(i), type.of === ANY ? (item as Datum) : {type: type.of, value: item}] as const,
    );
  if (type.is !== 'map') throw new Error(`range can't iterate over ${textOf({type, value})}`);
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, string>>).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [datumOf(key), datumOf(item)] as const);
}

/** The field of a struct or the value of a map. Undefined if the type has no such field. */
export function memberOf({type, value}: Datum, name: string): Datum | undefined {
  if (type.is === 'map') return datumOf((value as Readonly<Record<string, string>> | undefined)?.[name] ?? '');
  const field = type.is === 'struct' ? type.fields.find((one) => one.go === name) : undefined;
  return field && fieldDatum(field, value);
}

/** A value as `{{.}}` prints it. */
export function textOf(datum: Datum): string {
  const {type, value} = datum;
  if (isNil(datum)) return '<nil>';
  switch (type.is) {
    case 'list':
      return `[${itemsOf(datum)
        .map(([, item]) => textOf(item))
        .join(' ')}]`;
    case 'map':
      return `map[${itemsOf(datum)
        .map(([key, item]) => `${textOf(key)}:${textOf(item)}`)
        .join(' ')}]`;
    case 'struct':
      return `{${type.fields.map((field) => textOf(fieldDatum(field, value))).join(' ')}}`;
    case 'float':
      return goFloat(Number(value ?? 0));
    case 'boolean':
      return String(value ?? false);
    case 'integer':
      return String(value ?? 0);
    default:
      return String(value ?? '');
  }
}

function fieldDatum({json, type, isPointer = false}: Field, value: unknown): Datum {
  return {type, value: (value as Readonly<Record<string, unknown>> | undefined)?.[json], isPointer};
}
