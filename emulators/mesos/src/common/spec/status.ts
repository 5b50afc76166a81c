import {boolean, bytes, double, field, integer, message, oneOf, repeated, required, string} from '../message.js';
import {networkInfo} from './task.js';
import {duration, id, labels, resource} from './values.js';

/** The status of a task or an operation. */

export const taskState = oneOf({
  TASK_STARTING: 0,
  TASK_RUNNING: 1,
  TASK_FINISHED: 2,
  TASK_FAILED: 3,
  TASK_KILLED: 4,
  TASK_LOST: 5,
  TASK_STAGING: 6,
  TASK_ERROR: 7,
  TASK_KILLING: 8,
  TASK_DROPPED: 9,
  TASK_UNREACHABLE: 10,
  TASK_GONE: 11,
  TASK_GONE_BY_OPERATOR: 12,
  TASK_UNKNOWN: 13,
});

const reason = oneOf({
  REASON_COMMAND_EXECUTOR_FAILED: 0,
  REASON_EXECUTOR_TERMINATED: 1,
  REASON_EXECUTOR_UNREGISTERED: 2,
  REASON_FRAMEWORK_REMOVED: 3,
  REASON_GC_ERROR: 4,
  REASON_INVALID_FRAMEWORKID: 5,
  REASON_INVALID_OFFERS: 6,
  REASON_MASTER_DISCONNECTED: 7,
  REASON_CONTAINER_LIMITATION_MEMORY: 8,
  REASON_RECONCILIATION: 9,
  REASON_AGENT_DISCONNECTED: 10,
  REASON_AGENT_REMOVED: 11,
  REASON_AGENT_RESTARTED: 12,
  REASON_AGENT_UNKNOWN: 13,
  REASON_TASK_INVALID: 14,
  REASON_TASK_UNAUTHORIZED: 15,
  REASON_TASK_UNKNOWN: 16,
  REASON_CONTAINER_PREEMPTED: 17,
  REASON_RESOURCES_UNKNOWN: 18,
  REASON_CONTAINER_LIMITATION: 19,
  REASON_CONTAINER_LIMITATION_DISK: 20,
  REASON_CONTAINER_LAUNCH_FAILED: 21,
  REASON_CONTAINER_UPDATE_FAILED: 22,
  REASON_EXECUTOR_REGISTRATION_TIMEOUT: 23,
  REASON_EXECUTOR_REREGISTRATION_TIMEOUT: 24,
  REASON_TASK_GROUP_INVALID: 25,
  REASON_TASK_GROUP_UNAUTHORIZED: 26,
  REASON_IO_SWITCHBOARD_EXITED: 27,
  REASON_TASK_CHECK_STATUS_UPDATED: 28,
  REASON_TASK_HEALTH_CHECK_STATUS_UPDATED: 29,
  REASON_TASK_KILLED_DURING_LAUNCH: 30,
  REASON_AGENT_REMOVED_BY_OPERATOR: 31,
  REASON_AGENT_REREGISTERED: 32,
  REASON_MAX_COMPLETION_TIME_REACHED: 33,
  REASON_AGENT_DRAINING: 34,
});

export const containerStatus = message({
  container_id: field(4, id),
  network_infos: repeated(1, networkInfo),
  executor_pid: field(3, integer),
});

export const taskStatus = message({
  task_id: required(1, id),
  state: required(2, taskState),
  data: field(3, bytes),
  message: field(4, string),
  agent_id: field(5, id),
  timestamp: field(6, double),
  executor_id: field(7, id),
  healthy: field(8, boolean),
  source: field(9, oneOf({SOURCE_MASTER: 0, SOURCE_AGENT: 1, SOURCE_EXECUTOR: 2})),
  reason: field(10, reason),
  uuid: field(11, bytes),
  labels: field(12, labels),
  container_status: field(13, containerStatus),
  unreachable_time: field(14, duration),
});

export const operationStatus = message({
  operation_id: field(1, id),
  state: required(
    2,
    oneOf({
      OPERATION_UNSUPPORTED: 0,
      OPERATION_PENDING: 1,
      OPERATION_FINISHED: 2,
      OPERATION_FAILED: 3,
      OPERATION_ERROR: 4,
      OPERATION_DROPPED: 5,
      OPERATION_UNREACHABLE: 6,
      OPERATION_GONE_BY_OPERATOR: 7,
      OPERATION_RECOVERING: 8,
      OPERATION_UNKNOWN: 9,
    }),
  ),
  message: field(3, string),
  converted_resources: repeated(4, resource),
  agent_id: field(6, id),
});
