import * as z from 'zod';
import {clusterSchema, LISTS_OF_ONE, SHORTHANDS} from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * The JSON Schema of the cluster file, for editors: what `clusterSchema` accepts, and the abbreviations that `checkShape` expands before. It is less strict
 * than hw5 itself, which also checks how values fit together.
 */
export function clusterJsonSchema(): JsonSchema {
  return z.toJSONSchema(clusterSchema, {
    io: 'input',
    override: ({zodSchema, jsonSchema, path}) => {
      if (path.length === 0) Object.assign(jsonSchema, {title: 'Cluster file of hw5', patternProperties: {'^x-': {}}});
      const abbreviated = abbreviation(zodSchema);
      const alternatives = [...(abbreviated ? [abbreviated] : []), ...(isSection(zodSchema, path) ? [{type: 'null'}] : [])];
      if (alternatives.length > 0) replace(jsonSchema, {anyOf: [{...jsonSchema}, ...alternatives]});
    },
  });
}

/** The schema of the string that may stand for the whole value. */
function abbreviation(schema: unknown): object | undefined {
  const key = SHORTHANDS.get(schema);
  const single =
    key !== undefined && schema instanceof z.ZodObject
      ? schema.shape[key]
      : LISTS_OF_ONE.has(schema)
        ? elementOf(schema)
        : undefined;
  if (single === undefined) return undefined;
  const {$schema: _, ...json} = z.toJSONSchema(single, {io: 'input'});
  return json;
}

function elementOf(schema: unknown): z.ZodType | undefined {
  return schema instanceof z.ZodArray ? (schema.element as z.ZodType) : undefined;
}

/** Whether the value is a section that may be empty (`etcd:`), as when all its lines are commented out: a map or list that is the value of a key. */
function isSection(schema: unknown, path: readonly (string | number)[]): boolean {
  return path.at(-2) === 'properties' && (schema instanceof z.ZodObject || schema instanceof z.ZodArray);
}

function replace(target: object, content: object): void {
  for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
  Object.assign(target, content);
}
