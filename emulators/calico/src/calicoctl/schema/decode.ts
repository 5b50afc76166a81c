import type {Field, Type, Value} from './type.js';

/** A document cannot be read into its resource. The message is that of calicoctl's parser. */
export class DocumentError extends Error {
  constructor(reason: string) {
    super(`error parsing document: ${reason}`);
  }
}

/** Collects what a document has wrong. Go reports the first value of a wrong type, else all fields that no struct has. */
interface Findings {
  unknown: string[];
  error: string | undefined;
  /** The field last read, which errors name. */
  at: {readonly struct: string; readonly field: string} | undefined;
}

/** Reads a parsed YAML document. Fields are found regardless of case, and an unknown one is an error. @throws DocumentError */
export function decode(json: unknown, type: Type): Value {
  const findings: Findings = {unknown: [], error: undefined, at: undefined};
  const value = read(json, type, findings);
  if (findings.error !== undefined) throw new DocumentError(findings.error);
  if (findings.unknown.length > 0) throw new DocumentError(unknownFields(findings.unknown));
  return value;
}

function read(json: unknown, type: Type, findings: Findings): Value {
  if (json === null || json === undefined) return undefined;
  switch (type.is) {
    case 'parsed':
      try {
        return type.parse(json);
      } catch (error) {
        findings.error ??= (error as Error).message;
        return undefined;
      }
    case 'string':
      if (typeof json === 'string') return json;
      // YAML scalars become strings where a string is expected.
      if (typeof json === 'number' || typeof json === 'boolean') return String(json);
      return mismatch(json, type, findings);
    case 'boolean':
      return typeof json === 'boolean' ? json : mismatch(json, type, findings);
    case 'integer':
      return Number.isInteger(json) ? json : mismatch(json, type, findings);
    case 'float':
      return typeof json === 'number' ? json : mismatch(json, type, findings);
    case 'list':
      return Array.isArray(json) ? json.map((item) => read(item, type.of, findings)) : mismatch(json, type, findings);
    case 'map':
      return isObject(json) ? readMap(json) : mismatch(json, type, findings);
    case 'struct':
      return isObject(json) ? readStruct(json, type.name, type.fields, findings) : mismatch(json, type, findings);
  }
}

function readMap(json: Readonly<Record<string, unknown>>): Value {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, value === null ? '' : String(value)]));
}

function readStruct(
  json: Readonly<Record<string, unknown>>,
  name: string,
  fields: readonly Field[],
  findings: Findings,
): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const [key, value] of Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found =
      fields.find((field) => field.json === key) ?? fields.find((field) => field.json.toLowerCase() === key.toLowerCase());
    if (found === undefined || Object.hasOwn(result, found.json)) {
      findings.unknown.push(key);
      continue;
    }
    findings.at = {struct: name.replace(/^.*\./, ''), field: found.json};
    const decoded = read(value, found.type, findings);
    if (decoded !== undefined) result[found.json] = decoded;
    findings.at = undefined;
  }
  return result;
}

function mismatch(json: unknown, type: Type, findings: Findings): undefined {
  const kind = Array.isArray(json) ? 'array' : typeof json === 'boolean' ? 'bool' : typeof json;
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  const where = findings.at === undefined ? 'value' : `field ${findings.at.struct}.${findings.at.field}`;
  findings.error ??= `cannot parse ${kind} '${text}' into ${where} of type ${type.name}`;
  return undefined;
}

function unknownFields(names: readonly string[]): string {
  if (names.length === 1) return `field in document is not recognized or is in the wrong location: ${names[0]}`;
  const listed = names.length > 5 ? names.slice(0, 4) : names;
  const more = names.length > 5 ? ` (+ ${names.length - 4} more)` : '';
  return `fields in document are not recognized or are in the wrong location: ${listed.join(', ')}${more}`;
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
