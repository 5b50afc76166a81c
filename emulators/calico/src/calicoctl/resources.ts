import {parseAllDocuments} from 'yaml';
import type {EtcdClient} from '../etcd/client.js';
import {CALICO} from '../model/keys.js';
import {parseSnapshot} from '../model/snapshot.js';
import type {Snapshot} from '../model/types.js';
import type {Flags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {findKind} from './kinds/index.js';
import {type Filter, type Resource, refuseUnknown} from './kinds/kind.js';

/** What a resource command is about: whole resources from a file, or a kind and what to look for. */
export interface Target {
  readonly kind: string;
  readonly metadata: Filter;
  /** Only from a file. */
  readonly resource?: Resource;
}

/** Reads the resources of a YAML or JSON text: one, a list, or several documents. Throws what is wrong. */
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
  refuseUnknown('resource', value, ['apiVersion', 'kind', 'metadata', 'spec']);
  if (apiVersion !== 'v1') throw new Error(`Unknown resource apiVersion: ${apiVersion}`);
  if (typeof kind !== 'string') throw new Error('a resource must have a kind');
  return {apiVersion, kind: findKind(kind).kind, metadata: (metadata ?? {}) as Filter, spec: (spec ?? {}) as Filter};
}

/** The targets of a command, from `-f` or from its words and flags. */
export async function readTargets(io: Io, flags: Flags): Promise<Target[]> {
  const file = flags.values.filename;
  if (file === undefined) {
    const [word = '', name] = flags.words;
    const kind = findKind(word);
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
