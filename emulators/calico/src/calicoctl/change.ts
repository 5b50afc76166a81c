import type {EtcdClient} from '../etcd/client.js';
import {reasonOf} from '../log.js';
import {connect} from './config.js';
import {type FlagSpec, parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {findKind} from './kinds/index.js';
import {readSnapshot, readTargets, type Target} from './resources.js';

export type Verb = 'create' | 'apply' | 'replace' | 'delete';
const PAST: Readonly<Record<Verb, string>> = {create: 'created', apply: 'applied', replace: 'replaced', delete: 'deleted'};

const FILE_FLAGS = {filename: undefined, config: undefined};
const FLAGS: Readonly<Record<Verb, FlagSpec>> = {
  create: {values: FILE_FLAGS, booleans: ['skip-exists'], short: {f: 'filename', c: 'config', s: 'skip-exists'}},
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
  const isNamed = verb === 'delete' && flags.positionals.length === 2;
  if ((flags.values.filename === undefined) === !isNamed) {
    throw new CommandFailure(
      `Invalid option: 'calicoctl ${[verb, ...args].join(' ')}'. Use flag '--help' to read about a specific subcommand.`,
    );
  }
  const targets = await readTargets(io, flags).catch((error: unknown) => {
    throw error instanceof CommandFailure ? error : new CommandFailure(`Failed to execute command: ${reasonOf(error)}`);
  });
  if (targets.length === 0) throw new CommandFailure('No resources specified in file');
  const {handled, failure} = await perform(io, verb, targets, flags);
  io.print(`${summary(verb, targets, handled, failure)}\n`);
  return failure === undefined ? 0 : 1;
}

async function perform(
  io: Io,
  verb: Verb,
  targets: readonly Target[],
  flags: ReturnType<typeof parseFlags>,
): Promise<{handled: number; failure: string | undefined}> {
  let handled = 0;
  try {
    const etcd = await connect(io, flags.values.config);
    for (const target of targets) {
      await performOne(etcd, verb, target, flags.booleans);
      handled++;
    }
    return {handled, failure: undefined};
  } catch (error) {
    return {handled, failure: reasonOf(error)};
  }
}

async function performOne(
  etcd: EtcdClient,
  verb: Verb,
  {kind: name, metadata, resource}: Target,
  booleans: ReadonlySet<string>,
): Promise<void> {
  const kind = findKind(name);
  if (resource !== undefined && verb !== 'delete') kind.check(resource);
  const snapshot = await readSnapshot(etcd);
  // By the name only: the other metadata of the file may be the change.
  const identity = kind.kind === 'workloadEndpoint' ? metadata : {[kind.nameField]: metadata[kind.nameField]};
  const exists = kind.list(snapshot, identity).length > 0;
  if (verb === 'create' && exists) {
    if (booleans.has('skip-exists')) return;
    throw new Error(`resource already exists: ${kind.identify(metadata)}`);
  }
  if ((verb === 'replace' || verb === 'delete') && !exists) {
    if (booleans.has('skip-not-exists')) return;
    throw new Error(`resource does not exist: ${kind.identify(metadata)}`);
  }
  if (verb === 'delete') await kind.remove(etcd, metadata, snapshot);
  else if (resource !== undefined) await kind.write(etcd, resource, snapshot);
}

/** The result as calicoctl prints it. */
function summary(verb: Verb, targets: readonly Target[], handled: number, failure: string | undefined): string {
  const kinds = new Set(targets.map((target) => target.kind));
  const kind = kinds.size === 1 ? `'${[...kinds][0]}' ` : '';
  if (failure === undefined) return `Successfully ${PAST[verb]} ${handled} ${kind}resource(s)`;
  if (handled > 0) {
    return `Partial success: ${PAST[verb]} the first ${handled} out of ${targets.length} ${kind}resources:\nHit error: ${failure}`;
  }
  return `Failed to ${verb} ${targets.length === 1 ? `${kind}resource` : `any ${kind}resources`}: ${failure}`;
}
