import type {EtcdClient} from '../../etcd/client.js';
import {sortedMap} from '../../model/go-json.js';
import {unescapeName} from '../../model/keys.js';
import type {Problems} from '../schema/problems.js';
import type {Type} from '../schema/type.js';

/** All keys below /calico with their values. */
export type Values = ReadonlyMap<string, string>;
export type Metadata = Readonly<Record<string, unknown>>;

/** A resource in the form of calicoctl's YAML. */
export interface Resource {
  readonly kind: string;
  readonly apiVersion: 'v1';
  readonly metadata: Metadata;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What identifies resources on the command line. A field that is missing matches everything. */
export interface Arguments {
  readonly name: string;
  readonly node: string;
  readonly orchestrator: string;
  readonly workload: string;
  readonly scope: string;
}

/** One kind of resource: how to read, list, write and remove it, and its columns in a table. */
export interface Kind {
  /** As in YAML: `ipPool`. */
  readonly kind: string;
  /** Its names on the command line, in lower case. */
  readonly names: readonly string[];
  readonly metadata: Type;
  readonly spec: Type;
  readonly headings: {readonly narrow: readonly string[]; readonly wide: readonly string[]};
  /** Heading → the cell; some are only for `-o custom-columns`. */
  readonly cells: Readonly<Record<string, (resource: Resource, values: Values) => string>>;
  /** @throws Error for an invalid argument */
  readonly fromArguments: (given: Arguments) => Metadata;
  /** What an invalid part of the metadata is, and of the whole resource. */
  readonly checkMetadata: (metadata: Metadata, problems: Problems) => void;
  readonly check: (resource: Resource, problems: Problems) => void;
  /** The name of the identifier that is missing for anything but a list. */
  readonly missing: (metadata: Metadata) => string | undefined;
  /** Its form in errors: `IPPool(cidr=192.168.0.0/16)`. Removal names some kinds differently. */
  readonly identify: (metadata: Metadata, isRemoval: boolean) => string;
  readonly exists: (values: Values, metadata: Metadata) => boolean;
  /** @throws Error where upstream has one for a resource that is missing */
  readonly list: (values: Values, metadata: Metadata) => Resource[];
  readonly write: (etcd: EtcdClient, resource: Resource) => Promise<void>;
  readonly remove: (etcd: EtcdClient, metadata: Metadata, values: Values) => Promise<void>;
  /** Whether calicoctl changes no resource of this name. */
  readonly rejects?: (metadata: Metadata) => boolean;
  /** Completes a resource before it is created. */
  readonly complete?: (resource: Resource) => Resource;
}

/** What upstream's names may consist of: a node's, and one that may have slashes. */
export const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
export const NAMESPACED_NAME = /^[a-zA-Z0-9_./-]{1,128}$/;

const LABEL = /^[a-zA-Z0-9_./-]{1,512}$/;
const LABEL_VALUE = /^[a-zA-Z0-9]?([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?$/;

export function checkLabels(labels: unknown, problems: Problems): void {
  const isValid = Object.entries((labels ?? {}) as Readonly<Record<string, string>>).every(
    ([name, value]) => LABEL.test(name) && LABEL_VALUE.test(value),
  );
  if (!isValid) problems.add('labels', labels);
}

/** The first of the identifiers that the metadata lacks. */
export function firstMissing(metadata: Metadata, names: readonly string[]): string | undefined {
  return names.find((name) => metadata[name] === undefined || metadata[name] === '');
}

/** Labels or annotations as Go writes them: sorted by name, and without the field where there are none. */
export function sortedOrAbsent(map: unknown): Metadata | undefined {
  if (map === undefined || Object.keys(map as object).length === 0) return undefined;
  return sortedMap(map as Metadata);
}

/** Whether the metadata has all identifiers that are given. */
export function matches(metadata: Metadata, given: Metadata): boolean {
  return Object.entries(given).every(([field, value]) => value === undefined || value === '' || metadata[field] === value);
}

export function resource(kind: string, metadata: Metadata, spec: Metadata): Resource {
  return {kind, apiVersion: 'v1', metadata: defined(metadata), spec: defined(spec)};
}

export function defined(object: Metadata): Metadata {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** A record of etcd; undefined if it is not JSON. */
export function parseRecord<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** The keys below a directory that match, in the order of etcd, with what the pattern captured, unescaped. */
export function keysMatching(values: Values, pattern: RegExp): {readonly names: readonly string[]; readonly value: string}[] {
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, value]) => {
      const match = pattern.exec(key);
      return match === null ? [] : [{names: match.slice(1).map((name) => unescapeName(name ?? '')), value}];
    });
}

export const joined = (list: unknown): string => ((list ?? []) as readonly unknown[]).join(',');
export const cell = (value: unknown): string => (value === undefined ? '' : String(value));
