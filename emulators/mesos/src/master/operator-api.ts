import {notFound, type Reply, type Request} from '../common/http-server.js';
import type {MediaType} from '../common/media-types.js';
import {answerCall, readOperatorCall} from '../common/operator-call.js';
import type {MasterAccess} from './master-access.js';
import {metrics} from './metrics.js';
import {changeReservation, checkWriteAccess, markAgentGone, principalOf, teardown} from './operator-actions.js';
import {OPERATOR_CALLS, type OperatorCall} from './operator-call.js';
import {OPERATOR_EVENT, RESPONSE} from './operator-response-spec.js';
import {getAgents, getFrameworks, getMaster, getRoles, getState, getTasks, versionInfo} from './operator-views.js';

/** POST /api/v1: the operator API. */
export function operatorApi(master: MasterAccess, request: Request): Reply {
  const rejection = checkWriteAccess(master, request);
  if (rejection) return rejection;
  const read = readOperatorCall<OperatorCall>(request, OPERATOR_CALLS);
  if ('rejection' in read) return read.rejection;
  const {call, accept} = read;
  const answer = ANSWERS[call.type];
  // Without weights, upstream leaves out the field.
  if (call.type === 'GET_WEIGHTS') return answerCall(RESPONSE, accept, call.type, undefined);
  return answer ? answerCall(RESPONSE, accept, call.type, answer(master)) : act(master, request, call, accept);
}

/** The calls that change nothing. */
const ANSWERS: Readonly<Record<string, (master: MasterAccess) => object>> = {
  GET_AGENTS: (master) => getAgents(master.context),
  GET_FRAMEWORKS: (master) => getFrameworks(master.context),
  GET_TASKS: (master) => getTasks(master.context),
  GET_STATE: (master) => getState(master.context),
  GET_ROLES: (master) => getRoles(master.context),
  GET_MASTER: (master) => getMaster(master.context),
  GET_VERSION: () => versionInfo(),
  GET_HEALTH: () => ({healthy: true}),
  GET_EXECUTORS: () => ({executors: []}),
  // Operations finish when they are accepted.
  GET_OPERATIONS: () => ({operations: []}),
  // Nothing of it can be set.
  GET_QUOTA: () => ({status: {}}),
  GET_MAINTENANCE_STATUS: () => ({status: {}}),
  GET_MAINTENANCE_SCHEDULE: () => ({schedule: {}}),
  GET_LOGGING_LEVEL: () => ({level: 0}),
  GET_FLAGS: (master) => ({flags: [...master.flags.values].map(([name, value]) => ({name, value}))}),
  GET_METRICS: (master) => ({metrics: Object.entries(metrics(master.context)).map(([name, value]) => ({name, value}))}),
};

function act(master: MasterAccess, request: Request, call: OperatorCall, accept: MediaType): Reply {
  const principal = principalOf(master.security, request);
  switch (call.type) {
    case 'SUBSCRIBE': {
      const stream = master.openStream(request.response, accept, OPERATOR_EVENT);
      master.handle({kind: 'operator-subscribe', stream});
      return undefined;
    }
    case 'TEARDOWN':
      return teardown(master, call.teardown!.framework_id.value);
    case 'MARK_AGENT_GONE':
      return markAgentGone(master, call.mark_agent_gone!.agent_id.value);
    case 'RESERVE_RESOURCES': {
      const {agent_id, resources = []} = call.reserve_resources!;
      return changeReservation(master, 'RESERVE', agent_id.value, resources, principal);
    }
    case 'UNRESERVE_RESOURCES': {
      const {agent_id, resources = []} = call.unreserve_resources!;
      return changeReservation(master, 'UNRESERVE', agent_id.value, resources, principal);
    }
    case 'LIST_FILES':
    case 'READ_FILE':
      // The only file of an upstream master is its log, with --log_dir. This master logs to stderr.
      return notFound();
    default:
      return {status: 501, text: `${call.type} is not supported by hw5's Mesos emulator`};
  }
}
