import type {FieldType, MessageSpec} from './message.js';

/**
 * The JSON form of a message in a response. As with upstream, absent fields have their default, if they have one, and empty lists are left
 * out, except in responses that consist of lists. Fields that the spec does not contain are unchanged.
 */
export function responseJson(spec: MessageSpec, value: object, isList = false): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (Array.isArray(entry) && entry.length === 0 && !isList) continue;
    const type = spec[name]?.type;
    result[name] = Array.isArray(entry) ? entry.map((item) => valueJson(type, item)) : valueJson(type, entry);
  }
  for (const [name, field] of Object.entries(spec)) if (field.default !== undefined) result[name] ??= field.default;
  return result;
}

function valueJson(type: FieldType | undefined, value: unknown): unknown {
  return type?.kind === 'message' && typeof value === 'object' && value !== null
    ? responseJson(type.fields(), value, type.isList)
    : value;
}
