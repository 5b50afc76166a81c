import type {EtcdClient} from '../etcd/client.js';
import {reasonOf} from '../log.js';
import {connect} from './config.js';
import {type FlagSpec, type Flags, parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {checkIdentifiers, readTargets, readValues, type Target} from './targets.js';

export type Verb = 'create' | 'apply' | 'replace' | 'delete';
const PAST: Readonly<Record<Verb, string>> = {create: 'created', apply: 'applied', replace: 'replaced', delete: 'deleted'};
/** The names of the operations in messages. */
const OPERATION: Readonly<Record<Verb, string>> = {create: 'Create', apply: 'Apply', replace: 'Update', delete: 'Delete'};

const FILE_FLAGS = {filename: undefined, config: undefined};
const FLAGS: Readonly<Record<Verb, FlagSpec>> = {
  create: {values: FILE_FLAGS, booleans: ['skip-exists'], short: {f: 'filename', c: 'config'}},
  apply: {values: FILE_FLAGS, short: {f: 'filename', c: 'config'}},
  replace: {values: FILE_FLAGS, short: {f: 'filename', c: 'config'}},
  delete: {
    values: {...FILE_FLAGS, node: undefined, orchestrator: undefined, workload: undefined, scope: undefined},
    booleans: ['skip-not-exists'],
    short: {f: 'filename', c: 'config', n: 'node', s: 'skip-not-exists'},
    positionals: 2,
  },
};

/** `calicoctl create | apply | replace | delete`: one resource after the other, until one fails. */
export async function changeResources(io: Io, verb: Verb, args: readonly string[]): Promise<number> {
  const flags = parseFlags([verb], args, FLAGS[verb]);
  const isNamed = verb === 'delete' && flags.positionals.length > 0;
  if ((flags.values.filename === undefined) === !isNamed) throw flags.invalid();
  const targets = await readTargets(io, flags).catch((error: unknown) => {
    // a kind or name of the command line that cannot be read is no resource of a file
    if (error instanceof CommandFailure) throw error;
    return [];
  });
  if (targets.length === 0) throw new CommandFailure('No resources specified in file');
  const etcd = await connect(io, flags.values.config, 'Failed to create Calico API client: ');
  const {handled, failure} = await perform(etcd, verb, targets, flags);
  io.print(`${summary(verb, targets, handled, failure)}\n`);
  return failure === undefined ? 0 : 1;
}

async function perform(
  etcd: EtcdClient,
  verb: Verb,
  targets: readonly Target[],
  {booleans}: Flags,
): Promise<{handled: number; failure: string | undefined}> {
  let handled = 0;
  try {
    for (const target of targets) {
      await performOne(etcd, verb, target, booleans);
      handled++;
    }
    return {handled, failure: undefined};
  } catch (error) {
    return {handled, failure: reasonOf(error)};
  }
}

async function performOne(etcd: EtcdClient, verb: Verb, target: Target, booleans: ReadonlySet<string>): Promise<void> {
  const {kind} = target;
  const given = target.resource;
  const resource = given !== undefined && verb === 'create' ? (kind.complete?.(given) ?? given) : given;
  const metadata = resource?.metadata ?? target.metadata;
  if (kind.rejects?.(metadata)) throw new Error(`operation ${OPERATION[verb]} is not supported on ${metadata.name}`);
  checkIdentifiers({kind, metadata});
  const missing = kind.missing(metadata);
  if (missing !== undefined) throw new Error(`insufficient identifiers, missing '${missing}'`);
  const values = await readValues(etcd);
  const exists = kind.exists(values, metadata);
  const identity = kind.identify(metadata, verb === 'delete');
  if (verb === 'create' && exists) {
    if (booleans.has('skip-exists')) return;
    throw new Error(`resource already exists: ${identity}`);
  }
  if ((verb === 'replace' || verb === 'delete') && !exists) {
    if (booleans.has('skip-not-exists')) return;
    throw new Error(`resource does not exist: ${identity}`);
  }
  if (verb === 'delete') await kind.remove(etcd, metadata, values);
  else if (resource !== undefined) await kind.write(etcd, resource);
}

/** The result as calicoctl prints it. */
function summary(verb: Verb, targets: readonly Target[], handled: number, failure: string | undefined): string {
  const kinds = new Set(targets.map(({kind}) => kind.kind));
  const kind = kinds.size === 1 ? `'${[...kinds][0]}' ` : '';
  if (failure === undefined) return `Successfully ${PAST[verb]} ${handled} ${kind}resource(s)`;
  if (handled > 0) {
    return `Partial success: ${PAST[verb]} the first ${handled} out of ${targets.length} ${kind}resources:\nHit error: ${failure}`;
  }
  return `Failed to ${verb} ${targets.length === 1 ? `${kind}resource` : `any ${kind}resources`}: ${failure}`;
}
