import {field, message, opaque, repeated, required} from '../common/message.js';
import type {OperatorCalls} from '../common/operator-call.js';
import {getMetrics, listFiles, readFile, setLoggingLevel} from '../common/spec/operator.js';
import {id, resource} from '../common/spec/values.js';
import type {Resource, Value} from '../common/wire.js';

/** A validated call of the operator API: it has the field that its `type` requires. */
export interface OperatorCall {
  readonly type: string;
  readonly teardown?: {readonly framework_id: Value};
  readonly mark_agent_gone?: {readonly agent_id: Value};
  readonly reserve_resources?: {readonly agent_id: Value; readonly resources?: readonly Resource[]};
  readonly unreserve_resources?: {readonly agent_id: Value; readonly resources?: readonly Resource[]};
}

const resourcesOfAgent = message({agent_id: required(1, id), resources: repeated(2, resource)});

/**
 * All calls of an upstream master, so that calls which the emulator does not support (501) differ from invalid ones (400), with the numbers
 * of include/mesos/v1/master/master.proto.
 */
export const OPERATOR_CALLS: OperatorCalls = {
  program: 'master',
  calls: {
    UNKNOWN: {number: 0},
    GET_HEALTH: {number: 1},
    GET_FLAGS: {number: 2},
    GET_VERSION: {number: 3},
    GET_METRICS: {number: 4, field: field(2, getMetrics)},
    GET_LOGGING_LEVEL: {number: 5},
    SET_LOGGING_LEVEL: {number: 6, field: field(3, setLoggingLevel)},
    LIST_FILES: {number: 7, field: field(4, listFiles)},
    READ_FILE: {number: 8, field: field(5, readFile)},
    GET_STATE: {number: 9},
    GET_AGENTS: {number: 10},
    GET_FRAMEWORKS: {number: 11},
    GET_EXECUTORS: {number: 12},
    GET_OPERATIONS: {number: 33},
    GET_TASKS: {number: 13},
    GET_ROLES: {number: 14},
    GET_WEIGHTS: {number: 15},
    UPDATE_WEIGHTS: {number: 16, field: field(6, opaque)},
    GET_MASTER: {number: 17},
    SUBSCRIBE: {number: 18},
    RESERVE_RESOURCES: {number: 19, field: field(7, resourcesOfAgent)},
    UNRESERVE_RESOURCES: {number: 20, field: field(8, resourcesOfAgent)},
    CREATE_VOLUMES: {number: 21, field: field(9, opaque)},
    DESTROY_VOLUMES: {number: 22, field: field(10, opaque)},
    GROW_VOLUME: {number: 34, field: field(18, opaque)},
    SHRINK_VOLUME: {number: 35, field: field(19, opaque)},
    GET_MAINTENANCE_STATUS: {number: 23},
    GET_MAINTENANCE_SCHEDULE: {number: 24},
    UPDATE_MAINTENANCE_SCHEDULE: {number: 25, field: field(11, opaque)},
    START_MAINTENANCE: {number: 26, field: field(12, opaque)},
    STOP_MAINTENANCE: {number: 27, field: field(13, opaque)},
    DRAIN_AGENT: {number: 37, field: field(21, opaque)},
    DEACTIVATE_AGENT: {number: 38, field: field(22, opaque)},
    REACTIVATE_AGENT: {number: 39, field: field(23, opaque)},
    GET_QUOTA: {number: 28},
    UPDATE_QUOTA: {number: 36, field: field(20, opaque)},
    SET_QUOTA: {number: 29, field: field(14, opaque)},
    REMOVE_QUOTA: {number: 30, field: field(15, opaque)},
    TEARDOWN: {number: 31, field: field(16, message({framework_id: required(1, id)}))},
    MARK_AGENT_GONE: {number: 32, field: field(17, message({agent_id: required(1, id)}))},
  },
};
