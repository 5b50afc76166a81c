import {methodNotAllowed, type Reply, type Request} from '../common/http-server.js';
import {MessageError} from '../common/message.js';
import type {Resource} from '../common/wire.js';
import {parseResourceList} from './call.js';
import {authenticate, unauthorized} from './credentials.js';
import type {MasterAccess, Security} from './master-access.js';
import {planConversion, type ReservationKind, unusedOn, validateConversion} from './reservations.js';

/** The changes that operators can make, through unversioned endpoints and through calls to POST /api/v1. */

const bad = (text: string): Reply => ({status: 400, text});

/** Checks authentication and method of a request that changes something. @returns the reply that rejects it, or undefined */
export function checkWriteAccess({security}: MasterAccess, request: Request): Reply {
  if (security.isWriteAuthenticated && principalOf(security, request) === undefined)
    return unauthorized('mesos-master-readwrite');
  return request.method === 'POST' ? undefined : methodNotAllowed(request.method, 'POST');
}

/** The principal of a request; undefined without authentication. */
export function principalOf(security: Security, request: Request): string | undefined {
  return security.isWriteAuthenticated ? authenticate(security.credentials, request.headers.authorization) : undefined;
}

/** The handler of POST /master/teardown, /master/reserve and /master/unreserve; undefined for other paths. */
export function findFormHandler(path: string): ((master: MasterAccess, request: Request) => Reply) | undefined {
  const handler = FORM_HANDLERS[path.replace(/^\/master(?=\/)/, '')];
  return handler && ((master, request) => checkWriteAccess(master, request) ?? handler(master, request));
}

const FORM_HANDLERS: Readonly<Record<string, (master: MasterAccess, request: Request) => Reply>> = {
  '/teardown': handleTeardown,
  '/reserve': (master, request) => handleReservation(master, 'RESERVE', request),
  '/unreserve': (master, request) => handleReservation(master, 'UNRESERVE', request),
};

/** The form `frameworkId=…`. Source: Mesos, Master::Http::teardown. */
function handleTeardown(master: MasterAccess, request: Request): Reply {
  const id = new URLSearchParams(request.body.toString('utf8')).get('frameworkId');
  if (id === null) return bad("Missing 'frameworkId' query parameter in the request body");
  return teardown(master, id);
}

export function teardown(master: MasterAccess, id: string): Reply {
  const framework = master.context.state.frameworks.get(id);
  if (!framework) return bad('No framework found with specified ID');
  master.handle({kind: 'teardown', framework});
  return {status: 200};
}

/** The form `slaveId=…&resources=[…]`. */
function handleReservation(master: MasterAccess, kind: ReservationKind, request: Request): Reply {
  const form = new URLSearchParams(request.body.toString('utf8'));
  const [agentId, resources] = [form.get('slaveId'), form.get('resources')];
  if (agentId === null) return bad("Missing 'slaveId' query parameter in the request body");
  if (resources === null) return bad("Missing 'resources' query parameter in the request body");
  let list: readonly Resource[];
  try {
    list = parseResourceList(resources);
  } catch (error) {
    if (error instanceof MessageError)
      return bad(`Error in parsing 'resources' query parameter in the request body: ${error.message}`);
    throw error;
  }
  return changeReservation(master, kind, agentId, list, principalOf(master.security, request));
}

/** Reserves or unreserves resources of an agent: 202, or 409 if tasks use them. Offers of these resources are rescinded. */
export function changeReservation(
  master: MasterAccess,
  kind: ReservationKind,
  agentId: string,
  resources: readonly Resource[],
  principal: string | undefined,
): Reply {
  const agent = master.context.state.agents.get(agentId);
  if (!agent) return bad('No agent found with specified ID');
  const plan = planConversion(kind, resources, {principal});
  if (typeof plan === 'string') return bad(`Invalid ${kind} operation on agent ${agentId}: ${plan}`);
  const conflict = validateConversion(unusedOn(master.context.state, agent), plan);
  if (conflict !== undefined) return {status: 409, text: `Invalid ${kind} operation: ${conflict}`};
  master.handle({kind: 'convert', agent, conversion: plan});
  return {status: 202};
}

/** MARK_AGENT_GONE: declares that an agent will not return. */
export function markAgentGone(master: MasterAccess, agentId: string): Reply {
  const {state} = master.context;
  const isKnown =
    state.agents.has(agentId) || state.unreachable.has(agentId) || state.recovered.has(agentId) || state.gone.has(agentId);
  if (!isKnown) return {status: 404, text: 'Agent not found'};
  master.handle({kind: 'mark-gone', agentId});
  return {status: 200};
}
