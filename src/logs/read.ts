import type {ClusterNode} from '../cluster/cluster.js';
import {script} from '../host/command.js';
import type {OpenHosts} from '../host/open-hosts.js';
import {CommandError, Hw5Error, InterruptedError} from '../support/errors.js';
import {LineCutter, type LogLine, mergeLogs} from './merge.js';
import {type LogRange, type LogSource, logScript} from './source.js';

/** A node whose log could not be read. */
export interface LogFailure {
  readonly node: string;
  readonly error: Hw5Error;
}

export interface LogReader {
  readonly hosts: OpenHosts;
  readonly signal?: AbortSignal | undefined;
  readonly onLine: (line: LogLine) => void;
  /** Called as soon as a node fails; the others continue. */
  readonly onFailure: (failure: LogFailure) => void;
}

/**
 * Reads a component's log on all of the source's nodes concurrently: merged by time or, when it is followed, each line as it arrives, until
 * the signal. @returns how many nodes failed @throws InterruptedError
 */
export async function readLogs(source: LogSource, range: LogRange, reader: LogReader): Promise<number> {
  const texts = await Promise.all(
    source.nodes.map(async (node) => {
      try {
        return await readOne(node, source, range, reader);
      } catch (error) {
        if (reader.signal?.aborted) return undefined;
        if (!(error instanceof Hw5Error)) throw error;
        reader.onFailure({node: node.name, error});
        return undefined;
      }
    }),
  );
  if (reader.signal?.aborted) throw new InterruptedError('interrupted');
  const logs = texts.flatMap((text, index) => (text === undefined ? [] : [{node: source.nodes[index]!.name, text}]));
  for (const line of mergeLogs(logs)) reader.onLine(line);
  return texts.filter((text) => text === undefined).length;
}

/** @returns the part of the log that was not passed to `onLine`: all of it unless it is followed */
async function readOne(
  node: ClusterNode,
  source: LogSource,
  range: LogRange,
  {hosts, signal, onLine}: LogReader,
): Promise<string> {
  const host = (await hosts.of(node)).asRoot();
  const cutter = new LineCutter((text) => onLine({node: node.name, text}));
  const result = await script(host, logScript(source, range), {
    signal,
    ...(range.follow && {onStdout: (chunk) => cutter.push(chunk)}),
  });
  cutter.end();
  if (result.code === 0) return result.stdout;
  throw new CommandError(node.name, ['journalctl', ...source.units], result, {
    hint: `is ${source.component} installed? \`hw5 status\` shows it`,
  });
}
