import {
  boolean,
  double,
  field,
  lists,
  type MessageSpec,
  message,
  oneOf,
  opaque,
  repeated,
  required,
  string,
} from '../common/message.js';
import {frameworkInfo, offer} from '../common/spec/framework.js';
import {agentCapability, agentInfo, masterInfo} from '../common/spec/machines.js';
import * as shared from '../common/spec/operator.js';
import {taskState, taskStatus} from '../common/spec/status.js';
import {duration, id, resource} from '../common/spec/values.js';

/** The responses and events of the master's operator API, with the field numbers of include/mesos/v1/master/master.proto. */

const {executorInfo, task} = shared;

const agent = message({
  agent_info: required(1, agentInfo),
  active: required(2, boolean),
  deactivated: field(12, boolean),
  version: required(3, string),
  pid: field(4, string),
  registered_time: field(5, duration),
  reregistered_time: field(6, duration),
  total_resources: repeated(7, resource),
  allocated_resources: repeated(8, resource),
  offered_resources: repeated(9, resource),
  capabilities: repeated(10, agentCapability),
});

const framework = message({
  framework_info: required(1, frameworkInfo),
  active: required(2, boolean),
  connected: required(3, boolean),
  recovered: required(11, boolean),
  registered_time: field(4, duration),
  reregistered_time: field(5, duration),
  unregistered_time: field(6, duration),
  offers: repeated(7, offer),
  allocated_resources: repeated(9, resource),
  offered_resources: repeated(10, resource),
  offer_constraints: field(12, opaque),
});

const agents = lists({agents: repeated(1, agent), recovered_agents: repeated(2, agentInfo)});
const frameworks = lists({frameworks: repeated(1, framework), completed_frameworks: repeated(2, framework)});
const executors = lists({
  executors: repeated(1, message({executor_info: required(1, executorInfo), agent_id: required(2, id)})),
});
const tasks = lists({tasks: repeated(2, task), unreachable_tasks: repeated(5, task), completed_tasks: repeated(3, task)});

const state = message({
  get_tasks: field(1, tasks),
  get_executors: field(2, executors),
  get_frameworks: field(3, frameworks),
  get_agents: field(4, agents),
});

const role = message({
  name: required(1, string),
  weight: required(2, double),
  frameworks: repeated(3, id),
  resources: repeated(4, resource),
});

export const RESPONSE: MessageSpec = {
  type: field(
    1,
    oneOf({
      GET_HEALTH: 1,
      GET_FLAGS: 2,
      GET_VERSION: 3,
      GET_METRICS: 4,
      GET_LOGGING_LEVEL: 5,
      LIST_FILES: 6,
      READ_FILE: 7,
      GET_STATE: 8,
      GET_AGENTS: 9,
      GET_FRAMEWORKS: 10,
      GET_EXECUTORS: 11,
      GET_OPERATIONS: 19,
      GET_TASKS: 12,
      GET_ROLES: 13,
      GET_WEIGHTS: 14,
      GET_MASTER: 15,
      GET_MAINTENANCE_STATUS: 16,
      GET_MAINTENANCE_SCHEDULE: 17,
      GET_QUOTA: 18,
    }),
  ),
  get_health: field(2, shared.health),
  get_flags: field(3, shared.flags),
  get_version: field(4, shared.version),
  get_metrics: field(5, shared.metrics),
  get_logging_level: field(6, shared.loggingLevel),
  list_files: field(7, shared.fileList),
  read_file: field(8, shared.fileContent),
  get_state: field(9, state),
  get_agents: field(10, agents),
  get_frameworks: field(11, frameworks),
  get_executors: field(12, executors),
  get_operations: field(20, shared.operations),
  get_tasks: field(13, tasks),
  get_roles: field(14, message({roles: repeated(1, role)})),
  get_weights: field(15, message({weight_infos: repeated(1, opaque)})),
  get_master: field(
    16,
    message({master_info: field(1, masterInfo), start_time: field(2, double), elected_time: field(3, double)}),
  ),
  get_maintenance_status: field(17, message({status: required(1, opaque)})),
  get_maintenance_schedule: field(18, message({schedule: required(1, opaque)})),
  get_quota: field(19, message({status: required(1, opaque)})),
};

export const OPERATOR_EVENT: MessageSpec = {
  type: field(
    1,
    oneOf({
      SUBSCRIBED: 1,
      TASK_ADDED: 2,
      TASK_UPDATED: 3,
      AGENT_ADDED: 4,
      AGENT_REMOVED: 5,
      FRAMEWORK_ADDED: 6,
      FRAMEWORK_UPDATED: 7,
      FRAMEWORK_REMOVED: 8,
      HEARTBEAT: 9,
    }),
  ),
  subscribed: field(2, message({get_state: field(1, state), heartbeat_interval_seconds: field(2, double)})),
  task_added: field(3, message({task: required(1, task)})),
  task_updated: field(
    4,
    message({framework_id: required(1, id), status: required(2, taskStatus), state: required(3, taskState)}),
  ),
  agent_added: field(5, message({agent: required(1, agent)})),
  agent_removed: field(6, message({agent_id: required(1, id)})),
  framework_added: field(7, message({framework: required(1, framework)})),
  framework_updated: field(8, message({framework: required(1, framework)})),
  framework_removed: field(9, message({framework_info: required(1, frameworkInfo)})),
};
