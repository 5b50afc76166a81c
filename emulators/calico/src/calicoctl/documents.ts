import {parseDocument} from 'yaml';
import type {Kind, Metadata, Resource} from './kinds/kind.js';
import {DocumentError, decode} from './schema/decode.js';
import {Problems} from './schema/problems.js';
import {type Field, field, STRING, struct, type Type} from './schema/type.js';

/** calicoctl divides a file into documents by this, before it parses one. */
const SEPARATOR = /\n---[^\n]*(?:\n|$)/;

const HEAD: readonly Field[] = [
  field('kind', STRING, {isAlwaysPrinted: true}),
  field('apiVersion', STRING, {isAlwaysPrinted: true, go: 'APIVersion'}),
];

/** The Go struct of a whole resource of the kind. */
export function resourceType(kind: Kind): Type {
  const name = `api.${kind.kind.charAt(0).toUpperCase()}${kind.kind.slice(1)}`;
  return struct(name, [...HEAD, field('metadata', kind.metadata), field('spec', kind.spec)]);
}

/** Reads and checks the resources in YAML or JSON: one, a list, or several documents. @throws Error if one is invalid */
export function parseResources(text: string, kinds: readonly Kind[]): Resource[] {
  const documents = text.split(SEPARATOR);
  if (documents.at(-1) === '') documents.pop();
  return documents.flatMap((document) => {
    const value = parseYaml(document);
    if (!Array.isArray(value)) return parseResource(value, kinds);
    const found = value.map((item) => kindOf(item, kinds));
    const resources = value.map((item, i) => read(item, found[i]!));
    for (const [i, resource] of resources.entries()) checkResource(resource, found[i]!.kind);
    return resources.flatMap((resource, i) => expand(resource, found[i]!));
  });
}

/** A kind, or the list of its resources as `get -o json` of other tools prints them. */
interface Found {
  readonly kind: Kind;
  readonly isList: boolean;
}

function parseResource(value: unknown, kinds: readonly Kind[]): Resource[] {
  if (value !== null && typeof value !== 'object') {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    throw new DocumentError(`cannot parse ${typeof value} '${text}' into value of type []unversioned.TypeMetadata`);
  }
  const found = kindOf(value, kinds);
  const resource = read(value, found);
  checkResource(resource, found.kind);
  return expand(resource, found);
}

function kindOf(value: unknown, kinds: readonly Kind[]): Found {
  const {kind = '', apiVersion = ''} = (value ?? {}) as {kind?: unknown; apiVersion?: unknown};
  for (const one of kinds) {
    if (apiVersion !== 'v1') break;
    if (kind === one.kind) return {kind: one, isList: false};
    if (kind === `${one.kind}List`) return {kind: one, isList: true};
  }
  throw new Error(`Unknown resource type (${kind}) and/or version (${apiVersion})`);
}

type Read = Partial<Resource> & {readonly items?: readonly Partial<Resource>[]};

function read(value: unknown, {kind, isList}: Found): Read {
  const single = resourceType(kind);
  const list = struct(`${single.name}List`, [
    ...HEAD,
    field('metadata', struct('unversioned.ListMetadata', [])),
    field('items', {is: 'list', name: `[]${single.name}`, of: single}),
  ]);
  return decode(value, isList ? list : single) as Read;
}

function expand({items, ...resource}: Read, {kind, isList}: Found): Resource[] {
  const complete = ({metadata, spec}: Partial<Resource>): Resource => ({
    kind: kind.kind,
    apiVersion: 'v1',
    metadata: (metadata ?? {}) as Metadata,
    spec: (spec ?? {}) as Metadata,
  });
  return isList ? (items ?? []).map(complete) : [complete(resource)];
}

function checkResource({items, metadata, spec}: Read, kind: Kind): void {
  if (items !== undefined) {
    for (const item of items) checkResource(item, kind);
    return;
  }
  const problems = new Problems();
  kind.checkMetadata(metadata ?? {}, problems);
  kind.check({kind: kind.kind, apiVersion: 'v1', metadata: metadata ?? {}, spec: spec ?? {}}, problems);
  problems.throwIfAny();
}

/** YAML 1.1 as go-yaml reads it: `on` is true, but `1:30` and dates are strings. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text, {
    version: '1.1',
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !tag.tag.endsWith(':timestamp'))),
  });
  const [error] = document.errors;
  if (error !== undefined) throw new DocumentError(`yaml: ${error.message.split('\n')[0]}`);
  return document.toJS();
}
