import {goJson} from '../model/go-json.js';
import {resourceType} from './documents.js';
import type {Kind, Resource, Values} from './kinds/kind.js';
import {encode} from './schema/encode.js';
import {tabTable} from './tables.js';
import {toYaml} from './yaml.js';

/** What one argument or one resource of a file found. */
export interface Found {
  readonly kind: Kind;
  readonly resources: readonly Resource[];
}

/** The JSON of the resources, with the members in the order of the Go structs. */
export function toJson(found: readonly Found[]): string {
  return `${goJson(encodeAll(found), 2)}\n`;
}

/** The YAML of the resources. */
export function resourcesToYaml(found: readonly Found[]): string {
  return toYaml(encodeAll(found));
}

/** A table per kind. @throws Error for a heading that the kind does not have */
export function toTables(found: readonly Found[], headings: 'narrow' | 'wide' | readonly string[], values: Values): string {
  return found
    .map(({kind, resources}) => {
      const chosen = typeof headings === 'string' ? kind.headings[headings] : headings;
      const unknown = chosen.find((heading) => !(heading in kind.cells));
      if (unknown !== undefined)
        throw new Error(`Unknown heading ${unknown}, valid values are: ${Object.keys(kind.cells).join(', ')}`);
      return tabTable([chosen, ...resources.map((one) => chosen.map((heading) => kind.cells[heading]?.(one, values) ?? ''))]);
    })
    .join('');
}

function encodeAll(found: readonly Found[]): unknown[] {
  return found.flatMap(({kind, resources}) => resources.map((one) => encode(one, resourceType(kind))));
}
