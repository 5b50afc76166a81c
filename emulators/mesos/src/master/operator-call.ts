import {id, resource} from '../common/mesos-spec.js';
import {field, integer, message, opaque, repeated, required, string} from '../common/message.js';
import type {OperatorCalls} from '../common/operator-call.js';
import type {Resource, Value} from '../common/wire.js';

/** A validated call of the operator API: it has the field that its `type` requires. */
export interface OperatorCall {
  readonly type: string;
  readonly teardown?: {readonly framework_id: Value};
  readonly mark_agent_gone?: {readonly agent_id: Value};
  readonly reserve_resources?: {readonly agent_id: Value; readonly resources?: readonly Resource[]};
  readonly unreserve_resources?: {readonly agent_id: Value; readonly resources?: readonly Resource[]};
}

/** All calls of an upstream master, so that calls which the emulator does not support (501) differ from invalid ones (400). */
export const OPERATOR_CALLS: OperatorCalls = {
  program: 'master',
  withField: {
    SET_LOGGING_LEVEL: opaque,
    LIST_FILES: message({path: required(1, string)}),
    READ_FILE: message({path: required(1, string), offset: required(2, integer), length: field(3, integer)}),
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
  },
  withoutField: [
    'SUBSCRIBE',
    'GET_AGENTS',
    'GET_EXECUTORS',
    'GET_FLAGS',
    'GET_FRAMEWORKS',
    'GET_HEALTH',
    'GET_LOGGING_LEVEL',
    'GET_MAINTENANCE_SCHEDULE',
    'GET_MAINTENANCE_STATUS',
    'GET_MASTER',
    'GET_METRICS',
    'GET_OPERATIONS',
    'GET_QUOTA',
    'GET_ROLES',
    'GET_STATE',
    'GET_TASKS',
    'GET_VERSION',
    'GET_WEIGHTS',
  ],
};
