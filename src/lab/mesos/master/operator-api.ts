import {methodNotAllowed, notFound, type Reply, type Request} from '../common/http-server.js';
import {MessageError} from '../common/message.js';
import {VERSION} from '../common/version.js';
import {parseJson} from './call.js';
import {authenticate, unauthorized} from './credentials.js';
import type {Master} from './master.js';
import {metrics} from './metrics.js';
import {getAgents, getFrameworks, getMaster, getState, getTasks, versionInfo} from './operator-views.js';
import {acceptsJson} from './scheduler-api.js';
import {frameworksView, slavesView, stateView, tasksView} from './views.js';

/** GET endpoints. Those of the process `master` answer with and without that prefix. */
export function readEndpoints(master: Master, request: Request): Reply {
  const path = request.path.replace(/^\/master(?=\/)/, '');
  if (path === '/health') return {status: 200};
  if (path === '/version') return {status: 200, json: VERSION};
  const {address} = master.context.settings.masterInfo;
  if (path === '/redirect') return {status: 307, headers: {Location: `//${address.hostname}:${address.port}`}};
  const view = VIEWS[path];
  if (!view) return notFound();
  const {credentials, isReadAuthenticated} = master.security;
  if (isReadAuthenticated && authenticate(credentials, request.headers.authorization) === undefined)
    return unauthorized('mesos-master-readonly');
  return {status: 200, json: view(master)};
}

const VIEWS: Readonly<Record<string, (master: Master) => object>> = {
  '/state': (master) => stateView(master.context, master.flags),
  '/slaves': (master) => slavesView(master.context),
  '/frameworks': (master) => frameworksView(master.context),
  '/tasks': (master) => tasksView(master.context),
  '/flags': (master) => ({flags: Object.fromEntries(master.flags.values)}),
  '/metrics/snapshot': (master) => metrics(master.context),
};

const CALLS: Readonly<Record<string, (master: Master) => object>> = {
  GET_AGENTS: (master) => getAgents(master.context),
  GET_FRAMEWORKS: (master) => getFrameworks(master.context),
  GET_TASKS: (master) => getTasks(master.context),
  GET_STATE: (master) => getState(master.context),
  GET_MASTER: (master) => getMaster(master.context),
  GET_VERSION: () => versionInfo(),
  GET_HEALTH: () => ({healthy: true}),
  GET_EXECUTORS: () => ({executors: []}),
  GET_FLAGS: (master) => ({flags: [...master.flags.values].map(([name, value]) => ({name, value}))}),
  GET_METRICS: (master) => ({metrics: Object.entries(metrics(master.context)).map(([name, value]) => ({name, value}))}),
};

const bad = (text: string): Reply => ({status: 400, text});

/** What stands in the way of a request that changes something. */
function refusal({security}: Master, request: Request): Reply {
  if (security.isWriteAuthenticated && authenticate(security.credentials, request.headers.authorization) === undefined)
    return unauthorized('mesos-master-readwrite');
  return request.method === 'POST' ? undefined : methodNotAllowed(request.method, 'POST');
}

/** POST /master/teardown, with the form `frameworkId=…`. Source: Mesos, Master::Http::teardown. */
export function teardown(master: Master, request: Request): Reply {
  const refused = refusal(master, request);
  if (refused) return refused;
  const id = new URLSearchParams(request.body).get('frameworkId');
  if (id === null) return bad("Missing 'frameworkId' query parameter in the request body");
  const framework = master.context.state.frameworks.get(id);
  if (!framework) return bad('No framework found with specified ID');
  master.handle({kind: 'teardown', framework});
  return {status: 200};
}

/** POST /api/v1 */
export function operatorApi(master: Master, request: Request): Reply {
  const refused = refusal(master, request);
  if (refused) return refused;
  const contentType = request.headers['content-type'];
  if (contentType === undefined) return bad("Expecting 'Content-Type' to be present");
  if (contentType !== 'application/json') {
    return {status: 415, text: "Expecting 'Content-Type' of application/json or application/x-protobuf"};
  }
  if (!acceptsJson(request.headers.accept)) {
    return {status: 406, text: "Expecting 'Accept' to allow application/json, application/x-protobuf or application/recordio"};
  }
  let call: {type?: string; mark_agent_gone?: {agent_id?: {value?: string}}};
  try {
    call = parseJson(request.body) as typeof call;
  } catch (error) {
    if (error instanceof MessageError) return bad(error.message);
    throw error;
  }
  if (typeof call !== 'object' || call === null || Array.isArray(call)) {
    return bad('Failed to convert JSON into Call protobuf: Expecting a JSON object');
  }
  const type = call.type ?? '';
  if (type === 'MARK_AGENT_GONE') {
    const agentId = call.mark_agent_gone?.agent_id?.value;
    if (agentId === undefined) return bad("Failed to validate master::Call: Expecting 'mark_agent_gone' to be present");
    const {state} = master.context;
    const isKnown =
      state.agents.has(agentId) || state.unreachable.has(agentId) || state.recovered.has(agentId) || state.gone.has(agentId);
    if (!isKnown) return {status: 404, text: 'Agent not found'};
    master.handle({kind: 'mark-gone', agentId});
    return {status: 200};
  }
  const answer = CALLS[type];
  if (!answer) return bad("Failed to validate master::Call: Expecting 'type' to be present");
  return {status: 200, json: {type, [type.toLowerCase()]: answer(master)}};
}
