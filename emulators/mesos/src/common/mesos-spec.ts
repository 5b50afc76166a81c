import {boolean, bytes, double, field, integer, map, message, oneOf, opaque, repeated, required, string} from './message.js';

/** The messages used by both calls and events, with the field numbers of include/mesos/v1/mesos.proto. Unused fields are left out. */

export const id = message({value: required(1, string)});

export const labels = message({labels: repeated(1, message({key: required(1, string), value: field(2, string)}))});

const duration = message({nanoseconds: required(1, integer)});

const parameter = message({key: required(1, string), value: required(2, string)});

const valueType = {SCALAR: 0, RANGES: 1, SET: 2, TEXT: 3};
const scalar = message({value: required(1, double)});
const ranges = message({range: repeated(1, message({begin: required(1, integer), end: required(2, integer)}))});
const set = message({item: repeated(1, string)});

export const attribute = message({
  name: required(1, string),
  type: required(2, oneOf(valueType)),
  scalar: field(3, scalar),
  ranges: field(4, ranges),
  text: field(5, message({value: required(1, string)})),
  set: field(6, set),
});

const reservation = message({
  type: field(4, oneOf({UNKNOWN: 0, STATIC: 1, DYNAMIC: 2})),
  role: field(3, string),
  principal: field(1, string),
  labels: field(2, labels),
});

export const allocation = message({role: field(1, string)});

export const resource = message({
  name: required(1, string),
  type: required(2, oneOf(valueType)),
  scalar: field(3, scalar),
  ranges: field(4, ranges),
  set: field(5, set),
  role: field(6, string),
  reservation: field(8, reservation),
  reservations: repeated(13, reservation),
  allocation_info: field(11, allocation),
  disk: field(7, opaque),
  revocable: field(9, opaque),
  shared: field(10, opaque),
  provider_id: field(12, opaque),
});

const secret = message({
  type: field(1, oneOf({UNKNOWN: 0, REFERENCE: 1, VALUE: 2})),
  reference: field(2, message({name: required(1, string), key: field(2, string)})),
  value: field(3, message({data: required(1, bytes)})),
});

const environment = message({
  variables: repeated(
    1,
    message({
      name: required(1, string),
      type: field(3, oneOf({UNKNOWN: 0, VALUE: 1, SECRET: 2})),
      value: field(2, string),
      secret: field(4, secret),
    }),
  ),
});

const uri = message({
  value: required(1, string),
  executable: field(2, boolean),
  extract: field(3, boolean),
  cache: field(4, boolean),
  output_file: field(5, string),
});

const command = message({
  value: field(3, string),
  shell: field(6, boolean),
  arguments: repeated(7, string),
  environment: field(2, environment),
  user: field(5, string),
  uris: repeated(1, uri),
});

const portMapping = message({
  host_port: required(1, integer),
  container_port: required(2, integer),
  protocol: field(3, string),
});

const protocol = oneOf({IPv4: 1, IPv6: 2});

const networkInfo = message({
  ip_addresses: repeated(5, message({protocol: field(1, protocol), ip_address: field(2, string)})),
  name: field(6, string),
  groups: repeated(3, string),
  labels: field(4, labels),
  port_mappings: repeated(7, portMapping),
});

const docker = message({
  image: required(1, string),
  network: field(2, oneOf({HOST: 1, BRIDGE: 2, NONE: 3, USER: 4})),
  port_mappings: repeated(3, portMapping),
  privileged: field(4, boolean),
  parameters: repeated(5, parameter),
  force_pull_image: field(6, boolean),
  volume_driver: field(7, string),
});

const volumeSource = message({
  type: field(1, oneOf({UNKNOWN: 0, DOCKER_VOLUME: 1, SANDBOX_PATH: 2, SECRET: 3, HOST_PATH: 4, CSI_VOLUME: 5})),
  docker_volume: field(2, message({driver: field(1, string), name: required(2, string), driver_options: field(3, opaque)})),
});

const volume = message({
  container_path: required(1, string),
  host_path: field(2, string),
  mode: required(3, oneOf({RW: 1, RO: 2})),
  image: field(4, opaque),
  source: field(5, volumeSource),
});

const container = message({
  type: required(1, oneOf({DOCKER: 1, MESOS: 2})),
  volumes: repeated(2, volume),
  docker: field(3, docker),
  hostname: field(4, string),
  mesos: field(5, message({image: field(1, opaque)})),
  network_infos: repeated(7, networkInfo),
  linux_info: field(8, opaque),
  rlimit_info: field(9, opaque),
  tty_info: field(10, message({window_size: field(1, message({rows: required(1, integer), columns: required(2, integer)}))})),
});

const httpCheck = message({
  port: required(1, integer),
  path: field(2, string),
  scheme: field(3, string),
  statuses: repeated(4, integer),
  protocol: field(5, protocol),
});

const healthCheck = message({
  type: field(8, oneOf({UNKNOWN: 0, COMMAND: 1, HTTP: 2, TCP: 3})),
  delay_seconds: field(2, double),
  interval_seconds: field(3, double),
  timeout_seconds: field(4, double),
  consecutive_failures: field(5, integer),
  grace_period_seconds: field(6, double),
  command: field(7, command),
  http: field(1, httpCheck),
  tcp: field(9, message({port: required(1, integer), protocol: field(2, protocol)})),
});

export const killPolicy = message({grace_period: field(1, duration)});

const visibility = oneOf({FRAMEWORK: 0, CLUSTER: 1, EXTERNAL: 2});

const port = message({
  number: required(1, integer),
  name: field(2, string),
  protocol: field(3, string),
  visibility: field(4, visibility),
  labels: field(5, labels),
});

const discovery = message({
  visibility: required(1, visibility),
  name: field(2, string),
  environment: field(3, string),
  location: field(4, string),
  version: field(5, string),
  ports: field(6, message({ports: repeated(1, port)})),
  labels: field(7, labels),
});

export const taskInfo = message({
  name: required(1, string),
  task_id: required(2, id),
  agent_id: required(3, id),
  resources: repeated(4, resource),
  executor: field(5, opaque),
  command: field(7, command),
  container: field(9, container),
  health_check: field(8, healthCheck),
  check: field(13, opaque),
  kill_policy: field(12, killPolicy),
  data: field(6, bytes),
  labels: field(10, labels),
  discovery: field(11, discovery),
  max_completion_time: field(14, duration),
  limits: field(15, map(scalar)),
});

export const frameworkInfo = message({
  user: required(1, string),
  name: required(2, string),
  id: field(3, id),
  failover_timeout: field(4, double),
  checkpoint: field(5, boolean),
  role: field(6, string),
  roles: repeated(12, string),
  hostname: field(7, string),
  principal: field(8, string),
  webui_url: field(9, string),
  capabilities: repeated(
    10,
    message({
      type: field(
        1,
        oneOf({
          UNKNOWN: 0,
          REVOCABLE_RESOURCES: 1,
          TASK_KILLING_STATE: 2,
          GPU_RESOURCES: 3,
          SHARED_RESOURCES: 4,
          PARTITION_AWARE: 5,
          MULTI_ROLE: 6,
          RESERVATION_REFINEMENT: 7,
          REGION_AWARE: 8,
        }),
      ),
    }),
  ),
  labels: field(11, labels),
  offer_filters: field(13, map(opaque)),
});

const TASK_STATES = {
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
};

const REASONS = {
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
};

const containerStatus = message({
  container_id: field(4, id),
  network_infos: repeated(1, networkInfo),
  executor_pid: field(3, integer),
});

export const taskStatus = message({
  task_id: required(1, id),
  state: required(2, oneOf(TASK_STATES)),
  data: field(3, bytes),
  message: field(4, string),
  agent_id: field(5, id),
  timestamp: field(6, double),
  executor_id: field(7, id),
  healthy: field(8, boolean),
  source: field(9, oneOf({SOURCE_MASTER: 0, SOURCE_AGENT: 1, SOURCE_EXECUTOR: 2})),
  reason: field(10, oneOf(REASONS)),
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

export const address = message({hostname: field(1, string), ip: field(2, string), port: required(3, integer)});

export const masterInfo = message({
  id: required(1, string),
  ip: required(2, integer),
  port: required(3, integer),
  pid: field(4, string),
  hostname: field(5, string),
  version: field(6, string),
  address: field(7, address),
  capabilities: repeated(9, message({type: field(1, oneOf({UNKNOWN: 0, AGENT_UPDATE: 1, AGENT_DRAINING: 2, QUOTA_V2: 3}))})),
});
