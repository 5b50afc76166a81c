import type {EtcdClient} from '../../etcd/client.js';
import type {Snapshot} from '../../model/types.js';

/** A resource as it stands in YAML. */
export interface Resource {
  readonly apiVersion: 'v1';
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Metadata to look for; what is missing matches everything. */
export type Filter = Readonly<Record<string, unknown>>;

/** One kind of resource: how to find it, write it, remove it, and show it in a table. */
export interface ResourceKind {
  /** As in YAML: `ipPool`. */
  readonly kind: string;
  /** What the command line accepts, in small letters. */
  readonly names: readonly string[];
  /** The metadata field that a name on the command line means. */
  readonly nameField: string;
  readonly headings: {readonly narrow: readonly string[]; readonly wide: readonly string[]};
  /** How errors call it: `IPPool(cidr=192.168.0.0/16)`. */
  readonly identify: (metadata: Filter) => string;
  readonly list: (snapshot: Snapshot, filter: Filter) => Resource[];
  /** One cell per wide heading. */
  readonly cells: (resource: Resource, snapshot: Snapshot) => Readonly<Record<string, string>>;
  /** Checks a resource; throws what is wrong with it. */
  readonly check: (resource: Resource) => void;
  readonly write: (etcd: EtcdClient, resource: Resource, snapshot: Snapshot) => Promise<void>;
  readonly remove: (etcd: EtcdClient, metadata: Filter, snapshot: Snapshot) => Promise<void>;
}

/** Whether all that the filter names is so. */
export function matches(metadata: Filter, filter: Filter): boolean {
  return Object.entries(filter).every(([field, value]) => value === undefined || value === '' || metadata[field] === value);
}

/** Throws when the object has a field that is not known: a typing error would silently open or close a firewall. */
export function refuseUnknown(where: string, object: object, known: readonly string[]): void {
  const unknown = Object.keys(object).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new Error(`${where}: unknown field '${unknown}' (known: ${known.join(', ')})`);
}
