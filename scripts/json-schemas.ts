import * as z from 'zod';
import {JSON_SCHEMAS} from '../src/cli/json/index.js';
import {clusterJsonSchema} from '../src/cluster/json-schema.js';

/**
 * The JSON Schemas of all `--json` outputs and of the cluster file: file name → content. Those of outputs allow additional properties, because a later
 * release may add some; in hw5's own tests additional properties are errors.
 */
export function jsonSchemas(): ReadonlyMap<string, string> {
  const entries = Object.entries(JSON_SCHEMAS).map(([name, {title, schema}]) => {
    const content = z.toJSONSchema(schema, {
      override({jsonSchema}) {
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
        // the bounds of z.int() are those of JavaScript's numbers
        if (jsonSchema.type === 'integer') {
          delete jsonSchema.minimum;
          delete jsonSchema.maximum;
        }
      },
    });
    const {$schema, ...rest} = content;
    return [`${name}.json`, `${JSON.stringify({$schema, title: `hw5 --json: ${title}`, ...rest}, null, 2)}\n`] as const;
  });
  return new Map([...entries, ['cluster.schema.json', `${JSON.stringify(clusterJsonSchema(), null, 2)}\n`]]);
}
