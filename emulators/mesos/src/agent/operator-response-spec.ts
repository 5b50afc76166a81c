import {
  double,
  field,
  integer,
  lists,
  type MessageSpec,
  message,
  oneOf,
  opaque,
  repeated,
  required,
  string,
} from '../common/message.js';
import {frameworkInfo} from '../common/spec/framework.js';
import {agentInfo} from '../common/spec/machines.js';
import * as shared from '../common/spec/operator.js';
import {containerStatus} from '../common/spec/status.js';
import {id} from '../common/spec/values.js';

/** The responses of the agent's operator API, with the field numbers of include/mesos/v1/agent/agent.proto. */

const {executorInfo, task} = shared;

const statistics = message({
  timestamp: required(1, double),
  cpus_user_time_secs: field(2, double),
  cpus_system_time_secs: field(3, double),
  cpus_limit: field(4, double),
  cpus_soft_limit: field(45, double),
  mem_limit_bytes: field(6, integer),
  mem_soft_limit_bytes: field(38, integer),
  mem_rss_bytes: field(5, integer),
});

const container = message({
  framework_id: field(1, id),
  executor_id: field(2, id),
  executor_name: field(3, string),
  container_id: required(4, id),
  container_status: field(5, containerStatus),
  resource_statistics: field(6, statistics),
});

const framework = message({framework_info: required(1, frameworkInfo)});
const executor = message({executor_info: required(1, executorInfo)});
const frameworks = lists({frameworks: repeated(1, framework), completed_frameworks: repeated(2, framework)});
const executors = lists({executors: repeated(1, executor), completed_executors: repeated(2, executor)});

const tasks = lists({
  pending_tasks: repeated(1, task),
  queued_tasks: repeated(2, task),
  launched_tasks: repeated(3, task),
  terminated_tasks: repeated(4, task),
  completed_tasks: repeated(5, task),
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
      GET_CONTAINERS: 9,
      GET_FRAMEWORKS: 10,
      GET_EXECUTORS: 11,
      GET_OPERATIONS: 17,
      GET_TASKS: 12,
      GET_AGENT: 14,
      GET_RESOURCE_PROVIDERS: 16,
    }),
  ),
  get_health: field(2, shared.health),
  get_flags: field(3, shared.flags),
  get_version: field(4, shared.version),
  get_metrics: field(5, shared.metrics),
  get_logging_level: field(6, shared.loggingLevel),
  list_files: field(7, shared.fileList),
  read_file: field(8, shared.fileContent),
  get_state: field(
    9,
    message({get_tasks: field(1, tasks), get_executors: field(2, executors), get_frameworks: field(3, frameworks)}),
  ),
  get_containers: field(10, message({containers: repeated(1, container)})),
  get_frameworks: field(11, frameworks),
  get_executors: field(12, executors),
  get_operations: field(18, shared.operations),
  get_tasks: field(13, tasks),
  get_agent: field(15, message({agent_info: field(1, agentInfo)})),
  get_resource_providers: field(17, message({resource_providers: repeated(1, opaque)})),
};
