import {boolean, field, message, opaque} from '../common/message.js';
import type {OperatorCalls} from '../common/operator-call.js';
import {getMetrics, listFiles, readFile, setLoggingLevel} from '../common/spec/operator.js';

/** A validated call of the agent's operator API: it has the field that its `type` requires. */
export interface OperatorCall {
  readonly type: string;
  readonly list_files?: {readonly path: string};
  readonly read_file?: {readonly path: string; readonly offset: number; readonly length?: number};
}

const showContainers = message({show_nested: field(1, boolean), show_standalone: field(2, boolean)});

/** All calls of an upstream agent, with the numbers of include/mesos/v1/agent/agent.proto. */
export const OPERATOR_CALLS: OperatorCalls = {
  program: 'agent',
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
    GET_CONTAINERS: {number: 10, field: field(20, showContainers), isOptional: true},
    GET_FRAMEWORKS: {number: 11},
    GET_EXECUTORS: {number: 12},
    GET_OPERATIONS: {number: 31},
    GET_TASKS: {number: 13},
    GET_AGENT: {number: 20},
    GET_RESOURCE_PROVIDERS: {number: 26},
    LAUNCH_NESTED_CONTAINER: {number: 14, field: field(6, opaque)},
    WAIT_NESTED_CONTAINER: {number: 15, field: field(7, opaque)},
    KILL_NESTED_CONTAINER: {number: 16, field: field(8, opaque)},
    REMOVE_NESTED_CONTAINER: {number: 21, field: field(12, opaque)},
    LAUNCH_NESTED_CONTAINER_SESSION: {number: 17, field: field(9, opaque)},
    ATTACH_CONTAINER_INPUT: {number: 18, field: field(10, opaque)},
    ATTACH_CONTAINER_OUTPUT: {number: 19, field: field(11, opaque)},
    LAUNCH_CONTAINER: {number: 22, field: field(13, opaque)},
    WAIT_CONTAINER: {number: 23, field: field(14, opaque)},
    KILL_CONTAINER: {number: 24, field: field(15, opaque)},
    REMOVE_CONTAINER: {number: 25, field: field(16, opaque)},
    ADD_RESOURCE_PROVIDER_CONFIG: {number: 27, field: field(17, opaque)},
    UPDATE_RESOURCE_PROVIDER_CONFIG: {number: 28, field: field(18, opaque)},
    REMOVE_RESOURCE_PROVIDER_CONFIG: {number: 29, field: field(19, opaque)},
    MARK_RESOURCE_PROVIDER_GONE: {number: 32, field: field(22, opaque)},
    PRUNE_IMAGES: {number: 30, field: field(21, opaque), isOptional: true},
  },
};
