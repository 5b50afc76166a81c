import {id, resource} from '../common/mesos-spec.js';
import {
  field,
  integer,
  MessageError,
  type MessageSpec,
  message,
  oneOf,
  opaque,
  parseMessage,
  repeated,
  required,
  text,
} from '../common/message.js';
import type {Resource, Value} from '../common/wire.js';
import {parseJson} from './call.js';

/** A call of the operator API after its checks: the field that belongs to `type` is there. */
export interface OperatorCall {
  readonly type: string;
  readonly teardown?: {readonly framework_id: Value};
  readonly mark_agent_gone?: {readonly agent_id: Value};
  readonly reserve_resources?: {readonly agent_id: Value; readonly resources: readonly Resource[]};
  readonly unreserve_resources?: {readonly agent_id: Value; readonly resources: readonly Resource[]};
}

/** Calls with a field they must have, and calls without. */
const WITH_FIELD = {
  GET_METRICS: opaque,
  SET_LOGGING_LEVEL: opaque,
  LIST_FILES: message({path: required(1, text)}),
  READ_FILE: message({path: required(1, text), offset: required(2, integer), length: field(3, integer)}),
  UPDATE_WEIGHTS: opaque,
  RESERVE_RESOURCES: message({agent_id: required(1, id), resources: repeated(2, resource)}),
  UNRESERVE_RESOURCES: message({agent_id: required(1, id), resources: repeated(2, resource)}),
  CREATE_VOLUMES: opaque,
  DESTROY_VOLUMES: opaque,
  GROW_VOLUME: opaque,
  SHRINK_VOLUME: opaque,
  UPDATE_MAINTENANCE_SCHEDULE: opaque,
  START_MAINTENANCE: opaque,
  STOP_MAINTENANCE: opaque,
  DRAIN_AGENT: opaque,
  DEACTIVATE_AGENT: opaque,
  REACTIVATE_AGENT: opaque,
  UPDATE_QUOTA: opaque,
  SET_QUOTA: opaque,
  REMOVE_QUOTA: opaque,
  TEARDOWN: message({framework_id: required(1, id)}),
  MARK_AGENT_GONE: message({agent_id: required(1, id)}),
} as const;
const WITHOUT_FIELD =
  `GET_HEALTH GET_FLAGS GET_VERSION GET_LOGGING_LEVEL GET_STATE GET_AGENTS GET_FRAMEWORKS GET_EXECUTORS GET_OPERATIONS
  GET_TASKS GET_ROLES GET_WEIGHTS GET_MASTER SUBSCRIBE GET_MAINTENANCE_STATUS GET_MAINTENANCE_SCHEDULE GET_QUOTA`.split(/\s+/);

const fieldName = (type: string): string => type.toLowerCase();

/** Operators speak JSON only here: the numbers do not count. */
const CALL: MessageSpec = {
  type: field(0, oneOf(Object.fromEntries([...Object.keys(WITH_FIELD), ...WITHOUT_FIELD].map((type) => [type, 0])))),
  ...Object.fromEntries(Object.entries(WITH_FIELD).map(([type, spec]) => [fieldName(type), field(0, spec)])),
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
