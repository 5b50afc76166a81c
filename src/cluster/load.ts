import {readFile} from 'node:fs/promises';
import {ConfigError, Hw5Errors} from '../support/errors.js';
import {checkChoices} from './check-choices.js';
import {checkNetwork} from './check-network.js';
import {checkNodes} from './check-nodes.js';
import {checkPorts} from './check-ports.js';
import {checkTasks} from './check-tasks.js';
import type {Cluster} from './cluster.js';
import {complete, type Draft} from './complete.js';
import {type Context, createContext, type LoadOptions} from './context.js';
import {type ConfigFinding, hasFinding} from './finding.js';
import {freeze} from './freeze.js';
import {checkFiles} from './named-files.js';
import {checkShape} from './shape.js';
import {readSource, type Source} from './source.js';

export type {LoadOptions} from './context.js';

/** Why a file cannot be read, by the system's error code: what is told, and the mend. */
const UNREADABLE: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file', 'copy cluster.example.yaml, or name another file with `-f FILE`'],
  EISDIR: ['is a folder, not a file', 'name the file in it, as `-f FOLDER/cluster.yaml`'],
};

/**
 * Reads a cluster file, and looks whether the files it names are there: those that `up` would bring to the hosts only if `brings`.
 * @throws Hw5Errors with one ConfigError for each fault of the file, in the file's order.
 */
export async function loadCluster(file: string, options: LoadOptions = {}): Promise<Cluster> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const [message, hint] = UNREADABLE[cause.code ?? ''] ?? [`cannot be read (${cause.code})`, 'see its owner and mode'];
    throw new Hw5Errors([new ConfigError(message, {file}, {hint})]);
  });
  const context = createContext(file, options);
  const source = read(text, file);
  const {draft, findings} = analyse(source, context);
  return finish(draft, [...findings, ...(await checkFiles(draft, context, options.brings ?? true))], source, file);
}

/**
 * Makes the cluster of a file's text; `file` is where the text came from, for messages and relative paths. Touches no file.
 * @throws Hw5Errors with one ConfigError for each fault of the text, in the text's order.
 */
export function parseCluster(text: string, file: string, options: LoadOptions = {}): Cluster {
  const source = read(text, file);
  const {draft, findings} = analyse(source, createContext(file, options));
  return finish(draft, findings, source, file);
}

function read(text: string, file: string): Source {
  const source = readSource(text);
  if (!('faults' in source)) return source;
  throw new Hw5Errors(
    source.faults.map(({line, column, message, hint}) => new ConfigError(message, {file, line, column}, {hint})),
  );
}

function analyse(source: Source, context: Context): {draft: Draft; findings: readonly ConfigFinding[]} {
  const shape = checkShape(source.value);
  const draft = complete(shape.input, context);
  // what is left out of the draft because it is wrong is not also missing
  const ofDraft = draft.findings.filter(({path}) => !hasFinding(shape.findings, path));
  const known = [...source.findings, ...shape.findings, ...ofDraft];
  const findings = [
    ...known,
    ...checkNodes(draft, known),
    ...checkNetwork(draft, known),
    ...checkTasks(draft, known),
    ...checkPorts(draft),
    ...checkChoices(draft, known),
  ];
  return {draft, findings};
}

function finish(draft: Draft, findings: readonly ConfigFinding[], source: Source, file: string): Cluster {
  if (findings.length === 0) return freeze(draft.cluster);
  const located = findings
    .map(({path, message, hint, atKey}) => ({message, hint, ...source.locate(path, atKey)}))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  throw new Hw5Errors(
    located.map(({path, line, column, message, hint}) => {
      const text = path === '' ? message : `${path}: ${message}`;
      return new ConfigError(text, {file, line, column, path}, {hint});
    }),
  );
}
