import {readFileSync} from 'node:fs';
import type {Event} from './framework.js';

/** Reads the transcripts that were recorded with upstream Mesos (test/fixtures). */

const FIXTURES = new URL('../fixtures/', import.meta.url);

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined for event streams. */
  readonly status: number | undefined;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly text: string;
}

export function readExchange(name: string): Exchange {
  const text = readFileSync(new URL(`${name}.txt`, FIXTURES), 'utf8');
  const [, request, response = ''] = text.split(/^===== (?:REQUEST|RESPONSE).*\n/m);
  const sent = parseHttp(request!.replace(/\n\n$/, ''));
  const received = response.startsWith('HTTP/') ? parseHttp(response.replace(/\n$/, '')) : undefined;
  const [method, path] = sent.first.split(' ');
  return {
    method: method!,
    path: path!,
    headers: sent.headers,
    body: sent.body,
    status: received ? Number(received.first.split(' ')[1]) : undefined,
    responseHeaders: received?.headers ?? {},
    text: received?.body ?? '',
  };
}

function parseHttp(text: string): {first: string; headers: Record<string, string>; body: string} {
  const end = text.indexOf('\n\\r\\n\n');
  const [first, ...lines] = text.slice(0, end).replaceAll('\\r\\n', '').split('\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  return {first: first!, headers, body: text.slice(end + 6)};
}

/** The JSON body of a recorded call. */
export function readCall(name: string): Event {
  return JSON.parse(readExchange(name).body);
}

/** The tasks of a recorded ACCEPT, without the id of their agent. */
export function readTasks(name: string): object[] {
  const call = readCall(name);
  return call.accept.operations
    .flatMap((operation: Event) => operation.launch.task_infos)
    .map(({agent_id: _, ...task}: Event) => task);
}

export function readEvents(name: string): Event[] {
  const lines = readFileSync(new URL(`${name}.events.jsonl`, FIXTURES), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line).event);
}

/**
 * The updates of a task without what differs from run to run: ids, times, uuids, paths, pids. Repeated updates, with the same uuid, are
 * listed once.
 */
export function comparableUpdates(events: readonly Event[], taskId: string): object[] {
  const uuids = new Set<string>();
  return events.flatMap((event) => {
    const status = event.update?.status;
    if (status?.task_id.value !== taskId || uuids.has(status.uuid)) return [];
    if (status.uuid) uuids.add(status.uuid);
    return [comparable(status)];
  });
}

function comparable(status: Event): object {
  const {timestamp: _, uuid, data, container_status, unreachable_time, agent_id, ...rest} = status;
  return {
    ...rest,
    ...(rest.message === undefined ? {} : {message: withoutIds(rest.message)}),
    hasAgent: agent_id !== undefined,
    hasUuid: uuid !== undefined,
    hasData: data !== undefined,
    wasUnreachable: unreachable_time !== undefined,
    container: container_status && {
      network_infos: container_status.network_infos,
      hasExecutorPid: container_status.executor_pid !== undefined,
    },
  };
}

/** A string with placeholders in place of ids and paths. */
export function withoutIds(text: string): string {
  return text
    .replace(/'\/[^']*?(?=\/(?:slaves|docker)\/)/g, "'WORK")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/UUID-[OS]?\d+/g, 'UUID-N');
}
