import * as z from 'zod';
import type {ConfigFinding, Path} from './finding.js';
import {nearest} from './nearest.js';
import {type ClusterInput, clusterSchema, LISTS_OF_ONE, SHORTHANDS} from './schema.js';
import {isSecretKey, secretHint} from './secret-keys.js';

/** The part of the data that matches the schema, and what is wrong with the rest. */
export interface Shape {
  readonly input: ClusterInput;
  readonly findings: readonly ConfigFinding[];
}

/** Compares the data with the schema. Invalid values are reported and left out, so that the rest can be checked further. */
export function checkShape(data: unknown): Shape {
  const findings: ConfigFinding[] = [];
  let value = normalize(clusterSchema, withoutExtensions(data));
  // Each round removes at least one value, so this terminates.
  for (;;) {
    const result = clusterSchema.safeParse(value);
    if (result.success) return {input: result.data, findings};
    for (const issue of result.error.issues) findings.push(...translate(issue, value));
    value = result.error.issues.reduce(prune, value) ?? {};
  }
}

/** Top-level keys `x-…` are reserved for the user, as a place for YAML anchors. */
function withoutExtensions(data: unknown): unknown {
  if (!isRecord(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('x-')));
}

/** The schema inside `optional`. */
function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? bare(schema.unwrap()) : schema;
}

function keysOf(schema: unknown): readonly string[] {
  const object = bare(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function schemaAt(path: Path): unknown {
  return path.reduce<unknown>((schema, part) => {
    const parent = bare(schema);
    if (parent instanceof z.ZodObject) return parent.shape[String(part)];
    return parent instanceof z.ZodArray ? parent.element : undefined;
  }, clusterSchema);
}

/** All keys of the schema as paths: `nodes[].ssh.user`. */
export function schemaKeys(schema: unknown = clusterSchema, prefix = ''): readonly string[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) return schemaKeys(inner.element, `${prefix}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [path, ...schemaKeys(child, path)];
  });
}

/** Expands abbreviations, and removes sections without content (`etcd:` with all its lines commented out). */
function normalize(schema: unknown, value: unknown): unknown {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) {
    if (typeof value === 'string' && LISTS_OF_ONE.has(inner)) return [value];
    return Array.isArray(value) ? value.map((item) => normalize(inner.element, item)) : value;
  }
  if (!(inner instanceof z.ZodObject)) return value;
  const shorthand = SHORTHANDS.get(inner);
  if (typeof value === 'string' && shorthand !== undefined) return {[shorthand]: value};
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => {
    const childSchema = Object.hasOwn(inner.shape, key) ? inner.shape[key] : undefined;
    const isSection = bare(childSchema) instanceof z.ZodObject || bare(childSchema) instanceof z.ZodArray;
    return [key, child === null && isSection ? undefined : normalize(childSchema, child)];
  });
  return Object.fromEntries(entries.filter(([, child]) => child !== undefined));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], data);
}

function translate(issue: z.core.$ZodIssue, data: unknown): ConfigFinding[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const found = valueAt(data, path);
  if (issue.code === 'custom') {
    return [{path, message: issue.message, hint: String(issue.params?.hint ?? 'see cluster.example.yaml')}];
  }
  if (issue.code === 'invalid_value' && typeof found === 'string') {
    const values = issue.values.map(String);
    const near = nearest(found, values);
    return [
      {
        path,
        message: `unknown value ${JSON.stringify(found)}`,
        hint: near ? `did you mean \`${near}\`?` : `the possible values are ${values.join(', ')}`,
      },
    ];
  }
  return [{path, message: `must be ${expected(schemaAt(path))}, not ${kind(found)}`, hint: typeHint(schemaAt(path), found)}];
}

function unknownKey(path: Path, key: string): ConfigFinding {
  const finding = {path: [...path, key], message: 'unknown key', atKey: true};
  const known = keysOf(schemaAt(path));
  const near = nearest(key, known);
  const isSameWord = near?.toLowerCase() === key.replaceAll(/[-_]/g, '').toLowerCase();
  // `sudoPassword` is similar to `sudoPasswordEnv`, but suggesting that would make users put the password there.
  if (isSecretKey(key) && !isSameWord) {
    return {...finding, message: 'secrets are not allowed in this file', hint: secretHint(path, key)};
  }
  if (near) return {...finding, hint: `did you mean \`${near}\`?`};
  const elsewhere = schemaKeys()
    .filter((other) => other.split('.').at(-1) === key)
    .sort((a, b) => a.split('.').length - b.split('.').length);
  if (elsewhere.length > 0) {
    const places = elsewhere.slice(0, 3).map((one) => `\`${one}\``);
    return {...finding, hint: `this key exists elsewhere: ${places.join(', ')}`};
  }
  return {...finding, hint: `the known keys here are ${known.join(', ')}`};
}

function expected(schema: unknown): string {
  const inner = bare(schema);
  if (SHORTHANDS.has(inner)) return 'a string or a map (`key: value`)';
  if (inner instanceof z.ZodObject) return 'a map (`key: value`)';
  if (inner instanceof z.ZodArray) return 'a list';
  if (inner instanceof z.ZodNumber) return 'a number';
  if (inner instanceof z.ZodBoolean) return 'true or false';
  return 'a string';
}

function kind(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

function typeHint(schema: unknown, found: unknown): string {
  const inner = bare(schema);
  if (found === null) return 'write a value, or delete the line';
  const shorthand = SHORTHANDS.get(inner);
  const keys = keysOf(inner).join(', ');
  if (shorthand !== undefined) return `write its ${shorthand} as a string, or a map with the keys ${keys}`;
  if (inner instanceof z.ZodObject) return `its keys are ${keys}`;
  if (inner instanceof z.ZodArray) return 'write each item on a line of its own, after a dash and a space: `- item`';
  if (inner instanceof z.ZodBoolean) return 'write true or false';
  if (inner instanceof z.ZodNumber)
    return typeof found === 'string' ? 'write the number without quotes and unit' : 'write a number';
  return typeof found === 'object' ? 'write a single value' : 'put the value in quotes';
}

/** The data without the value that an issue is about. */
function prune(data: unknown, issue: z.core.$ZodIssue): unknown {
  const path = issue.path as Path;
  const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  return paths.reduce((rest, one) => without(clusterSchema, rest, one), data);
}

/** Removes the value at the path. A map in a list is emptied, so that the other items keep their indices; a list of plain values is removed as a whole. */
function without(schema: unknown, data: unknown, path: Path): unknown {
  const [part, ...rest] = path;
  const inner = bare(schema);
  if (inner instanceof z.ZodArray && Array.isArray(data) && part !== undefined) {
    if (!(bare(inner.element) instanceof z.ZodObject)) return undefined;
    return data.map((item, index) => (index === part ? (without(inner.element, item, rest) ?? {}) : item));
  }
  if (part === undefined || !isRecord(data)) return undefined;
  const childSchema = inner instanceof z.ZodObject && Object.hasOwn(inner.shape, part) ? inner.shape[part] : undefined;
  const entries = Object.entries(data).map(([key, value]): [string, unknown] => [
    key,
    key === part ? without(childSchema, value, rest) : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
