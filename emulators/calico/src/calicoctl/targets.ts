import type {EtcdClient} from '../etcd/client.js';
import {CALICO} from '../model/keys.js';
import {flatten} from '../model/snapshot.js';
import {parseResources} from './documents.js';
import type {Flags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {kindOfArgument, kindsOf} from './kinds/index.js';
import type {Kind, Metadata, Resource, Values} from './kinds/kind.js';
import {Problems} from './schema/problems.js';

/** The object of a command: a resource from a file, or a kind and what identifies resources of it. */
export interface Target {
  readonly kind: Kind;
  readonly metadata: Metadata;
  /** Given only for a resource from a file. */
  readonly resource?: Resource;
}

/** The targets of a command, from `-f` or from its arguments. @throws CommandFailure for an invalid file, Error for arguments */
export async function readTargets(io: Io, flags: Flags): Promise<Target[]> {
  const kinds = kindsOf(io.version);
  const {filename, node = '', orchestrator = '', workload = '', scope = ''} = flags.values;
  if (filename === undefined) {
    const [kindName = '', name = ''] = flags.positionals;
    const kind = kindOfArgument(kinds, kindName);
    return [{kind, metadata: kind.fromArguments({name, node, orchestrator, workload, scope})}];
  }
  try {
    const text = await io.read(filename);
    if (text === undefined) throw new Error(`open ${filename}: no such file or directory`);
    if (text === '') return [];
    return parseResources(text, kinds).map((resource) => ({
      kind: kinds.find(({kind}) => kind === resource.kind)!,
      metadata: resource.metadata,
      resource,
    }));
  } catch (error) {
    throw new CommandFailure(`Failed to execute command: ${(error as Error).message}`);
  }
}

/** Checks the part of the metadata that identifies resources. @throws Error if it is invalid */
export function checkIdentifiers({kind, metadata}: Target): void {
  const problems = new Problems();
  kind.checkMetadata(metadata, problems);
  problems.throwIfAny();
}

/** All of Calico's data, in one read. */
export async function readValues(etcd: EtcdClient): Promise<Values> {
  return flatten((await etcd.get(CALICO, {recursive: true}))?.node);
}
