import {BGP_AS_NUMBER} from '../model/keys.js';
import {DEFAULT_AS_NUMBER} from '../model/snapshot.js';
import {resourceType} from './documents.js';
import {ANY, type Datum, datumOf, itemsOf, textOf} from './go-template/datum.js';
import type {TemplateFunction} from './go-template/functions.js';
import type {Values} from './kinds/kind.js';
import type {Found} from './printer.js';
import {field, listOf, STRING, struct} from './schema/type.js';

/** What a template of `get` sees as `.`: one list of resources, with its `Items`, per argument. */
export function templateData(found: readonly Found[]): Datum {
  const lists = found.map(({kind, resources}) => {
    const single = resourceType(kind);
    const type = struct(`${single.name}List`, [
      field('kind', STRING),
      field('apiVersion', STRING, {go: 'APIVersion'}),
      field('items', listOf(single)),
    ]);
    return {type, value: {kind: `${kind.kind}List`, apiVersion: 'v1', items: resources}};
  });
  return {type: {is: 'list', name: '[]unversioned.Resource', of: ANY}, value: lists};
}

/** The functions that calicoctl adds to those of Go. */
export function templateFunctions(values: Values): Readonly<Record<string, TemplateFunction>> {
  return {
    join: ([items, separator]) =>
      datumOf(
        items!.type.is === 'list'
          ? itemsOf(items!)
              .map(([, item]) => textOf(item))
              .join(textOf(separator!))
          : textOf(items!),
      ),
    config([name]) {
      if (textOf(name!).toLowerCase() !== 'asnumber') throw new Error('unhandled config type');
      return datumOf(values.get(BGP_AS_NUMBER) ?? DEFAULT_AS_NUMBER);
    },
  };
}
