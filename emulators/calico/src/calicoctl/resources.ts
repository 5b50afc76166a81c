import {parseAllDocuments} from 'yaml';
import type {EtcdClient} from '../etcd/client.js';
import {CALICO} from '../model/keys.js';
import {parseSnapshot} from '../model/snapshot.js';
import type {Snapshot} from '../model/types.js';
import type {Flags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {findKind} from './kinds/index.js';
import {type Filter, type Resource, rejectUnknown} from './kinds/kind.js';

/** The object of a command: a resource from a file, or a kind and a filter. */
export interface Target {
  readonly kind: string;
  readonly metadata: Filter;
  /** Given only for a resource from a file. */
  readonly resource?: Resource;
}

/** Parses the resources in YAML or JSON: one, a list, or several documents. @throws Error if it is invalid */
export function parseResources(text: string): Resource[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(error.message);
    const value: unknown = document.toJS();
    if (value === null) return [];
    return (Array.isArray(value) ? value : [value]).map(toResource);
  });
}

function toResource(value: unknown): Resource {
  if (typeof value !== 'object' || value === null) throw new Error('a resource must have apiVersion, kind, metadata and spec');
  const {apiVersion, kind, metadata, spec} = value as Partial<Record<keyof Resource, unknown>>;
  rejectUnknown('resource', value, ['apiVersion', 'kind', 'metadata', 'spec']);
  if (apiVersion !== 'v1') throw new Error(`Unknown resource apiVersion: ${apiVersion}`);
  if (typeof kind !== 'string') throw new Error('a resource must have a kind');
  return {apiVersion, kind: findKind(kind).kind, metadata: (metadata ?? {}) as Filter, spec: (spec ?? {}) as Filter};
}

/** The targets of a command, from `-f` or from its positional arguments and flags. */
export async function readTargets(io: Io, flags: Flags): Promise<Target[]> {
  const file = flags.values.filename;
  if (file === undefined) {
    const [kindName = '', name] = flags.positionals;
    const kind = findKind(kindName);
    const {node, orchestrator, workload} = flags.values;
    const isEndpoint = kind.kind === 'workloadEndpoint';
    return [{kind: kind.kind, metadata: {[kind.nameField]: name, ...(isEndpoint ? {node, orchestrator, workload} : {})}}];
  }
  const text = await io.read(file);
  if (text === undefined) throw new CommandFailure(`Failed to execute command: open ${file}: no such file or directory`);
  try {
    return parseResources(text).map((resource) => ({kind: resource.kind, metadata: resource.metadata, resource}));
  } catch (error) {
    throw new CommandFailure(`Failed to execute command: ${(error as Error).message}`);
  }
}

/** All of Calico's data, in one read. */
export async function readSnapshot(etcd: EtcdClient): Promise<Snapshot> {
  return parseSnapshot((await etcd.get(CALICO, {recursive: true}))?.node);
}
