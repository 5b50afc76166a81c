import type {EtcdClient} from '../../etcd/client.js';
import type {Snapshot} from '../../model/types.js';

/** A resource in the form of calicoctl's YAML. */
export interface Resource {
  readonly apiVersion: 'v1';
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Metadata to filter by; a field that is missing matches everything. */
export type Filter = Readonly<Record<string, unknown>>;

/** One kind of resource: how to list, write and remove it, and its columns in a table. */
export interface ResourceKind {
  /** As in YAML: `ipPool`. */
  readonly kind: string;
  /** Its names on the command line, in lower case. */
  readonly names: readonly string[];
  /** The metadata field that the command line's second argument filters by. */
  readonly nameField: string;
  readonly headings: {readonly narrow: readonly string[]; readonly wide: readonly string[]};
  /** Its form in errors: `IPPool(cidr=192.168.0.0/16)`. */
  readonly identify: (metadata: Filter) => string;
  readonly list: (snapshot: Snapshot, filter: Filter) => Resource[];
  /** One cell per wide heading. */
  readonly cells: (resource: Resource, snapshot: Snapshot) => Readonly<Record<string, string>>;
  /** @throws Error if the resource is invalid */
  readonly check: (resource: Resource) => void;
  readonly write: (etcd: EtcdClient, resource: Resource, snapshot: Snapshot) => Promise<void>;
  readonly remove: (etcd: EtcdClient, metadata: Filter, snapshot: Snapshot) => Promise<void>;
}

/** Whether the metadata has all values of the filter. */
export function matches(metadata: Filter, filter: Filter): boolean {
  return Object.entries(filter).every(([field, value]) => value === undefined || value === '' || metadata[field] === value);
}

/** @throws Error for an unknown field: a misspelled one would otherwise allow or deny traffic without notice */
export function rejectUnknown(where: string, object: object, known: readonly string[]): void {
  const unknown = Object.keys(object).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new Error(`${where}: unknown field '${unknown}' (known: ${known.join(', ')})`);
}
