import {stringify} from 'yaml';
import {reasonOf} from '../log.js';
import type {Snapshot} from '../model/types.js';
import {connect} from './config.js';
import {type FlagSpec, parseFlags} from './flags.js';
import {CommandFailure, type Io} from './io.js';
import {findKind} from './kinds/index.js';
import type {Resource} from './kinds/kind.js';
import {readSnapshot, readTargets, type Target} from './resources.js';
import {tabTable} from './tables.js';

const FLAGS: FlagSpec = {
  values: {
    filename: undefined,
    output: 'ps',
    config: undefined,
    node: undefined,
    orchestrator: undefined,
    workload: undefined,
    scope: undefined,
  },
  short: {f: 'filename', o: 'output', c: 'config', n: 'node'},
  positionals: 2,
};

/** `calicoctl get`. A name that does not exist gives an empty table and no error. */
export async function getResources(io: Io, args: readonly string[]): Promise<number> {
  const flags = parseFlags(['get'], args, FLAGS);
  const output = flags.values.output ?? 'ps';
  const show = /^(ps|wide|yaml|json|custom-columns=.+)$/.test(output) ? output : undefined;
  if (show === undefined) throw new CommandFailure(`unrecognized output format '${output}'`);
  try {
    const targets = await readTargets(io, flags);
    const snapshot = await readSnapshot(await connect(io, flags.values.config));
    const found = targets.map((target) => ({target, resources: findKind(target.kind).list(snapshot, target.metadata)}));
    io.print(render(show, found, snapshot));
    return 0;
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`Failed to get resources: ${reasonOf(error)}`);
  }
}

/** The resources in one of calicoctl's formats. */
export function render(
  format: string,
  found: readonly {readonly target: Target; readonly resources: readonly Resource[]}[],
  snapshot: Snapshot,
): string {
  const all = found.flatMap(({resources}) => resources);
  if (format === 'json') return `${JSON.stringify(all, undefined, 2)}\n`;
  if (format === 'yaml') return stringify(all, {indentSeq: false});
  return found
    .map(({target, resources}) => {
      const kind = findKind(target.kind);
      const custom = /^custom-columns=(.+)$/.exec(format)?.[1]?.toUpperCase().split(',');
      const headings = custom ?? (format === 'wide' ? kind.headings.wide : kind.headings.narrow);
      const unknown = headings.find((heading) => !kind.headings.wide.includes(heading));
      if (unknown !== undefined)
        throw new Error(`unknown heading ${unknown}, valid values are: ${kind.headings.wide.join(', ')}`);
      const rows = resources
        .map((resource) => kind.cells(resource, snapshot))
        .map((cells) => headings.map((heading) => cells[heading] ?? ''));
      return tabTable([headings, ...rows]);
    })
    .join('');
}
