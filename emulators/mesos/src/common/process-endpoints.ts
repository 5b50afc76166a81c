import {cpus, freemem, loadavg, totalmem} from 'node:os';
import type {Reply, Request} from './http-server.js';

/** The endpoints that upstream's library gives every program. */

/** An endpoint, as /help describes it. */
export interface Endpoint {
  /** Such as `master`. */
  readonly process: string;
  /** Such as `/state`. */
  readonly name: string;
  readonly text: string;
}

const COMMON: readonly Endpoint[] = [
  {process: 'files', name: '/debug', text: 'The real paths of the virtual paths that the files endpoints serve.'},
  {process: 'logging', name: '/toggle', text: 'The verbosity of the log.'},
  {process: 'metrics', name: '/snapshot', text: 'The metrics.'},
  {process: 'system', name: '/stats.json', text: 'Load, processors and memory of the machine.'},
  {process: 'version', name: '/version', text: 'The version.'},
];

/** Answers a request for one of these endpoints; undefined for other paths. @param endpoints those of the program, for /help */
export function processEndpoint(request: Request, endpoints: readonly Endpoint[]): Reply {
  const all = [...endpoints, ...COMMON];
  if (request.path === '/system/stats.json') return {status: 200, json: systemStatistics()};
  if (request.path === '/logging/toggle') return toggleLogging(request.query);
  if (request.path === '/__processes__') return {status: 200, json: processIds(all).map((id) => ({id, events: []}))};
  if (request.path === '/help' || request.path.startsWith('/help/')) return help(request, all);
  return undefined;
}

function systemStatistics(): object {
  const [one, five, fifteen] = loadavg();
  return {
    avg_load_1min: one,
    avg_load_5min: five,
    avg_load_15min: fifteen,
    cpus_total: cpus().length,
    mem_total_bytes: totalmem(),
    mem_free_bytes: freemem(),
  };
}

function toggleLogging(query: URLSearchParams): Reply {
  const [level, duration] = [query.get('level'), query.get('duration')];
  if (level === null && duration === null) return {status: 200, text: '0\n'};
  if (duration === null) return {status: 400, text: "Expecting 'duration=value' in query.\n"};
  if (level === null) return {status: 400, text: "Expecting 'level=value' in query.\n"};
  return {status: 501, text: "Verbose logging is not supported by hw5's Mesos emulator"};
}

function processIds(endpoints: readonly Endpoint[]): string[] {
  return [...new Set(endpoints.map(({process}) => process))].sort();
}

/** /help, /help/PROCESS and /help/PROCESS/NAME, in Markdown; or with ?format=json everything in JSON. */
function help({path, query, headers}: Request, endpoints: readonly Endpoint[]): Reply {
  const [, , id, ...names] = path.split('/');
  const ofProcess = endpoints.filter(({process}) => process === id);
  if (id === undefined && query.get('format') === 'json') {
    const processes = processIds(endpoints).map((process) => ({
      id: process,
      endpoints: endpoints.filter((endpoint) => endpoint.process === process).map(({name, text}) => ({name, text})),
    }));
    return {status: 200, json: {processes}};
  }
  if (id === undefined) return document(headers, ['## HELP', ...processIds(endpoints).map((process) => `> /${process}`)]);
  const name = names.length === 0 ? undefined : `/${names.join('/')}`;
  const found = ofProcess.find((endpoint) => endpoint.name === name);
  if (ofProcess.length === 0 || (name !== undefined && !found))
    return {status: 400, text: `No help available for '/${[id, ...names].join('/')}'.\n`};
  if (found) return document(headers, [`### USAGE ###`, `> /${found.process}${found.name}`, '', found.text]);
  return document(headers, [`## \`/${id}\` ##`, ...ofProcess.map((endpoint) => `> /${id}${endpoint.name}`)]);
}

/** Markdown for command line clients, else HTML. */
function document(headers: Request['headers'], lines: readonly string[]): Reply {
  const text = `${lines.join('\n')}\n`;
  if (/^(curl|HTTPie)/.test(headers['user-agent'] ?? ''))
    return {status: 200, bytes: Buffer.from(text), headers: {'Content-Type': 'text/x-markdown'}};
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const html = `<html><head><title>Help</title></head><body><pre>${escaped}</pre></body></html>`;
  return {status: 200, bytes: Buffer.from(html), headers: {'Content-Type': 'text/html'}};
}
