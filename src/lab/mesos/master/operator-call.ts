import {
  any,
  field,
  MessageError,
  type MessageSpec,
  message,
  number,
  oneOf,
  parseMessage,
  repeated,
  required,
  text,
} from '../common/message.js';
import type {Resource, Value} from '../common/wire.js';
import {parseJson} from './call.js';
import {id, resource} from './call-spec.js';

/** A call of the operator API after its checks: the field that belongs to `type` is there. */
export interface OperatorCall {
  readonly type: string;
  readonly mark_agent_gone?: {readonly agent_id: Value};
  readonly reserve_resources?: {readonly agent_id: Value; readonly resources: readonly Resource[]};
  readonly unreserve_resources?: {readonly agent_id: Value; readonly resources: readonly Resource[]};
}

/** Calls with a field they must have, and calls without. */
const WITH_FIELD = {
  GET_METRICS: any,
  SET_LOGGING_LEVEL: any,
  LIST_FILES: message({path: required(text)}),
  READ_FILE: message({path: required(text), offset: required(number), length: field(number)}),
  UPDATE_WEIGHTS: any,
  RESERVE_RESOURCES: message({agent_id: required(id), resources: repeated(resource)}),
  UNRESERVE_RESOURCES: message({agent_id: required(id), resources: repeated(resource)}),
  CREATE_VOLUMES: any,
  DESTROY_VOLUMES: any,
  GROW_VOLUME: any,
  SHRINK_VOLUME: any,
  UPDATE_MAINTENANCE_SCHEDULE: any,
  START_MAINTENANCE: any,
  STOP_MAINTENANCE: any,
  DRAIN_AGENT: any,
  DEACTIVATE_AGENT: any,
  REACTIVATE_AGENT: any,
  UPDATE_QUOTA: any,
  SET_QUOTA: any,
  REMOVE_QUOTA: any,
  TEARDOWN: message({framework_id: required(id)}),
  MARK_AGENT_GONE: message({agent_id: required(id)}),
} as const;
const WITHOUT_FIELD = [
  ...[
    'GET_HEALTH',
    'GET_FLAGS',
    'GET_VERSION',
    'GET_LOGGING_LEVEL',
    'GET_STATE',
    'GET_AGENTS',
    'GET_FRAMEWORKS',
    'GET_EXECUTORS',
  ],
  ...['GET_OPERATIONS', 'GET_TASKS', 'GET_ROLES', 'GET_WEIGHTS', 'GET_MASTER', 'SUBSCRIBE', 'GET_MAINTENANCE_STATUS'],
  ...['GET_MAINTENANCE_SCHEDULE', 'GET_QUOTA'],
];

const fieldName = (type: string): string => type.toLowerCase();

const CALL: MessageSpec = {
  type: field(oneOf(...Object.keys(WITH_FIELD), ...WITHOUT_FIELD)),
  ...Object.fromEntries(Object.entries(WITH_FIELD).map(([type, spec]) => [fieldName(type), field(spec)])),
};

/**
 * Reads and checks the body of an operator's call.
 * @throws {MessageError} with the text of the 400 answer
 */
export function parseOperatorCall(body: string): OperatorCall {
  const json = parseJson(body);
  let call: Record<string, unknown>;
  try {
    call = parseMessage(CALL, json);
  } catch (error) {
    if (error instanceof MessageError) throw new MessageError(`Failed to convert JSON into Call protobuf: ${error.message}`);
    throw error;
  }
  const invalid = (what: string): MessageError =>
    new MessageError(`Failed to validate master::Call: Expecting '${what}' to be present`);
  const {type} = call as {type?: string};
  if (type === undefined) throw invalid('type');
  // GET_METRICS may do without: its only field is a timeout.
  if (type in WITH_FIELD && type !== 'GET_METRICS' && call[fieldName(type)] === undefined) throw invalid(fieldName(type));
  return call as unknown as OperatorCall;
}
