import {reasonOf} from '../log.js';
import {connect} from './config.js';
import {type FlagSpec, parseFlags} from './flags.js';
import {executeTemplate} from './go-template/index.js';
import {CommandFailure, type Io} from './io.js';
import type {Values} from './kinds/kind.js';
import {type Found, resourcesToYaml, toJson, toTables} from './printer.js';
import {checkIdentifiers, readTargets, readValues, type Target} from './targets.js';
import {templateData, templateFunctions} from './template-data.js';
import type {Version} from './version.js';

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

type Print = (found: readonly Found[], values: Values, write: (text: string) => void) => void | Promise<void>;

/** `calicoctl get`. A name that does not exist gives an empty table and no error, but for a node. */
export async function getResources(io: Io, args: readonly string[]): Promise<number> {
  const flags = parseFlags(['get'], args, FLAGS);
  if ((flags.values.filename === undefined) === (flags.positionals.length === 0)) throw flags.invalid();
  const print = printerOf(io, flags.values.output ?? 'ps');
  const {found, values} = await list(io, () => readTargets(io, flags), flags.values.config);
  try {
    await print(found, values, io.print);
  } catch (error) {
    // upstream does not fail because of a template or column that it cannot print
    io.print(`${reasonOf(error)}\n`);
  }
  return 0;
}

async function list(
  io: Io,
  targets: () => Promise<Target[]>,
  config: string | undefined,
): Promise<{found: Found[]; values: Values}> {
  try {
    const all = await targets();
    if (all.length === 0) throw new Error('no resources specified');
    const etcd = await connect(io, config, 'Failed to create Calico API client: ');
    for (const target of all) checkIdentifiers(target);
    const values = await readValues(etcd);
    return {found: all.map(({kind, metadata}) => ({kind, resources: kind.list(values, metadata)})), values};
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`Failed to get resources: ${reasonOf(error)}`);
  }
}

/** The formats without an argument. */
const PLAIN: Readonly<Record<string, Print>> = {
  json: (found, _, write) => write(toJson(found)),
  yaml: (found, _, write) => write(resourcesToYaml(found)),
  ps: (found, values, write) => write(toTables(found, 'narrow', values)),
  wide: (found, values, write) => write(toTables(found, 'wide', values)),
};

/** The function that prints one of calicoctl's formats. @throws CommandFailure for an unknown one */
function printerOf(io: Io, output: string): Print {
  const plain = PLAIN[output];
  if (plain !== undefined) return plain;
  const [, name = '', value = ''] = /^([^=]*)=?([\s\S]*)$/.exec(output) ?? [];
  const needed = (what: string) => {
    if (value !== '') return value;
    throw failure(`need to specify ${what}`, io.version);
  };
  switch (name) {
    case 'custom-columns': {
      const headings = needed('at least one column').split(',');
      return (found, values, write) => write(toTables(found, headings, values));
    }
    case 'go-template': {
      const template = needed('a template');
      return (found, values, write) => executeTemplate(template, templateData(found), write, templateFunctions(values));
    }
    case 'go-template-file': {
      const path = needed('a template file');
      return async (found, values, write) => {
        const template = await io.read(path);
        if (template === undefined) throw new Error(`open ${path}: no such file or directory`);
        executeTemplate(template, templateData(found), write, templateFunctions(values));
      };
    }
    default:
      throw failure(`unrecognized output format '${output}'`, io.version);
  }
}

/** v1.2.0 does not end these messages with a line feed. */
function failure(message: string, version: Version): CommandFailure {
  return new CommandFailure(message, {isLineOpen: version === 'v1.2.0'});
}
