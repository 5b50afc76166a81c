import {methodNotAllowed, type Reply, type Request} from '../common/http-server.js';
import {responseJson} from '../common/response-json.js';
import {AGENT_INFO} from '../common/spec/machines.js';
import {authenticate, unauthorized} from './credentials.js';
import type {MasterAccess} from './master-access.js';

/**
 * The endpoints of what the emulator does not have: quota, weights, maintenance, volumes. They answer like upstream when nothing of it is set;
 * requests that would set something get 501.
 */
interface Unset {
  readonly methods: readonly string[];
  /** The response to GET; without it, the endpoint only changes something. */
  readonly value?: object;
  readonly isReadOnly?: true;
}

const ENDPOINTS: Readonly<Record<string, Unset>> = {
  '/quota': {methods: ['GET', 'POST', 'DELETE'], value: {}},
  '/weights': {methods: ['GET', 'PUT'], value: []},
  '/maintenance/schedule': {methods: ['GET', 'POST'], value: {}},
  '/maintenance/status': {methods: ['GET'], value: {}, isReadOnly: true},
  '/machine/down': {methods: ['POST']},
  '/machine/up': {methods: ['POST']},
  '/create-volumes': {methods: ['POST']},
  '/destroy-volumes': {methods: ['POST']},
};

/** Their paths, for /help. */
export const UNSET_PATHS = Object.keys(ENDPOINTS);

/** Answers a request for one of these endpoints; undefined for other paths. @param path without the prefix /master */
export function unsetEndpoint({security}: MasterAccess, {method, headers}: Request, path: string): Reply {
  const endpoint = ENDPOINTS[path];
  if (!endpoint) return undefined;
  const isProtected = endpoint.isReadOnly ? security.isReadAuthenticated : security.isWriteAuthenticated;
  if (isProtected && authenticate(security.credentials, headers.authorization) === undefined)
    return unauthorized(endpoint.isReadOnly ? 'mesos-master-readonly' : 'mesos-master-readwrite');
  if (!endpoint.methods.includes(method)) return methodNotAllowed(method, ...endpoint.methods);
  return method === 'GET'
    ? {status: 200, json: endpoint.value}
    : {status: 501, text: `${method} ${path} is not supported by hw5's Mesos emulator`};
}

/** The content of /registrar(1)/registry: what a master knows after its restart with --registry=replicated_log. */
export function registryView({context}: MasterAccess): object {
  const {state, settings} = context;
  const agents = [...state.agents.values(), ...state.recovered.values()];
  const nanoseconds = (seconds: number): object => ({nanoseconds: Math.round(seconds * 1e9)});
  const since = (list: ReadonlyMap<string, number>): object | undefined =>
    list.size === 0 ? undefined : {slaves: [...list].map(([id, time]) => ({id: {value: id}, timestamp: nanoseconds(time)}))};
  return {
    master: {info: settings.masterInfo},
    ...(agents.length === 0
      ? {}
      : {slaves: {slaves: agents.map(({info}) => ({info: responseJson(AGENT_INFO, info), deactivated: false}))}}),
    ...Object.fromEntries(
      Object.entries({unreachable: since(state.unreachable), gone: since(state.gone)}).filter(([, value]) => value),
    ),
  };
}
