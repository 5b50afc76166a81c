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

/** Message and hint for a file that cannot be read, by the system's error code. */
const UNREADABLE: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['the file does not exist', 'create it (cluster.example.yaml explains all settings), or name another with `-f FILE`'],
  EISDIR: ['this is a directory, not a file', 'name a file in it, as `-f DIRECTORY/cluster.yaml`'],
};

/**
 * Loads a cluster file, and checks the files that it refers to; those that `up` uploads to the hosts only if `checkUploads`.
 * @throws Hw5Errors with one ConfigError per error, in the order of the file
 */
export async function loadCluster(file: string, options: LoadOptions = {}): Promise<Cluster> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const [message, hint] = UNREADABLE[cause.code ?? ''] ?? [
      `the file cannot be read (${cause.code})`,
      'check its owner and mode, or use sudo',
    ];
    throw new Hw5Errors([new ConfigError(message, {file}, {hint})]);
  });
  const context = createContext(file, options);
  const source = read(text, file);
  const {draft, findings} = analyse(source, context);
  return finish(draft, [...findings, ...(await checkFiles(draft, context, options.checkUploads ?? true))], source, file);
}

/**
 * Parses the content of a cluster file. Accesses no file: `file` is for messages and relative paths only.
 * @throws Hw5Errors with one ConfigError per error, in the order of the text
 */
export function parseCluster(text: string, file: string, options: LoadOptions = {}): Cluster {
  const source = read(text, file);
  const {draft, findings} = analyse(source, createContext(file, options));
  return finish(draft, findings, source, file);
}

function read(text: string, file: string): Source {
  const source = readSource(text);
  if (!('syntaxErrors' in source)) return source;
  throw new Hw5Errors(
    source.syntaxErrors.map(({line, column, message, hint}) => new ConfigError(message, {file, line, column}, {hint})),
  );
}

function analyse(source: Source, context: Context): {draft: Draft; findings: readonly ConfigFinding[]} {
  const shape = checkShape(source.value);
  const draft = complete(shape.input, context);
  // A value that was left out of the draft because it is invalid is not reported as missing as well.
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
