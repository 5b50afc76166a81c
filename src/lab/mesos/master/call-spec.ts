import {
  any,
  boolean,
  bytes,
  field,
  type MessageSpec,
  message,
  number,
  oneOf,
  repeated,
  required,
  text,
} from '../common/message.js';

/** The messages of the v1 scheduler API (include/mesos/v1/scheduler/scheduler.proto), as far as they are checked. */

export const id = message({value: required(text)});

const labels = message({labels: repeated(message({key: required(text), value: field(text)}))});

export const resource = message({
  name: required(text),
  type: required(oneOf('SCALAR', 'RANGES', 'SET')),
  scalar: field(message({value: required(number)})),
  ranges: field(message({range: repeated(message({begin: required(number), end: required(number)}))})),
  set: field(message({item: repeated(text)})),
  role: field(text),
  reservation: field(message({type: field(text), role: field(text), principal: field(text), labels: field(labels)})),
  reservations: repeated(
    message({
      type: field(oneOf('UNKNOWN', 'STATIC', 'DYNAMIC')),
      role: field(text),
      principal: field(text),
      labels: field(labels),
    }),
  ),
  allocation_info: field(message({role: field(text)})),
  disk: field(any),
  revocable: field(any),
  shared: field(any),
  provider_id: field(any),
});

const secret = message({
  type: field(oneOf('UNKNOWN', 'REFERENCE', 'VALUE')),
  reference: field(message({name: required(text), key: field(text)})),
  value: field(message({data: required(bytes)})),
});

const environment = message({
  variables: repeated(
    message({
      name: required(text),
      type: field(oneOf('UNKNOWN', 'VALUE', 'SECRET')),
      value: field(text),
      secret: field(secret),
    }),
  ),
});

const command = message({
  value: field(text),
  shell: field(boolean),
  arguments: repeated(text),
  environment: field(environment),
  user: field(text),
  uris: repeated(
    message({
      value: required(text),
      executable: field(boolean),
      extract: field(boolean),
      cache: field(boolean),
      output_file: field(text),
    }),
  ),
});

const volumeSource = message({
  type: field(oneOf('UNKNOWN', 'DOCKER_VOLUME', 'HOST_PATH', 'SANDBOX_PATH', 'SECRET', 'CSI_VOLUME')),
  docker_volume: field(message({driver: field(text), name: required(text), driver_options: field(any)})),
});

const container = message({
  type: required(oneOf('DOCKER', 'MESOS')),
  docker: field(
    message({
      image: required(text),
      network: field(oneOf('HOST', 'BRIDGE', 'NONE', 'USER')),
      privileged: field(boolean),
      parameters: repeated(message({key: required(text), value: required(text)})),
      port_mappings: repeated(message({host_port: required(number), container_port: required(number), protocol: field(text)})),
      force_pull_image: field(boolean),
      volume_driver: field(text),
    }),
  ),
  mesos: field(any),
  volumes: repeated(
    message({
      container_path: required(text),
      host_path: field(text),
      mode: field(oneOf('RW', 'RO')),
      image: field(any),
      source: field(volumeSource),
    }),
  ),
  hostname: field(text),
  network_infos: repeated(any),
  linux_info: field(any),
  rlimit_info: field(any),
  tty_info: field(any),
});

const healthCheck = message({
  type: field(oneOf('COMMAND', 'HTTP', 'TCP')),
  delay_seconds: field(number),
  interval_seconds: field(number),
  timeout_seconds: field(number),
  consecutive_failures: field(number),
  grace_period_seconds: field(number),
  command: field(command),
  http: field(message({port: required(number), path: field(text), scheme: field(text), protocol: field(text)})),
  tcp: field(message({port: required(number), protocol: field(text)})),
});

const duration = message({nanoseconds: required(number)});

const killPolicy = message({grace_period: field(duration)});

const task = message({
  name: required(text),
  task_id: required(id),
  agent_id: required(id),
  resources: repeated(resource),
  limits: field(any),
  executor: field(any),
  command: field(command),
  container: field(container),
  health_check: field(healthCheck),
  check: field(any),
  kill_policy: field(killPolicy),
  max_completion_time: field(duration),
  data: field(bytes),
  labels: field(labels),
  discovery: field(any),
});

const operation = message({
  type: field(text),
  id: field(id),
  launch: field(message({task_infos: repeated(task)})),
  launch_group: field(message({executor: required(any), task_group: required(message({tasks: repeated(task)}))})),
  reserve: field(message({resources: repeated(resource)})),
  unreserve: field(message({resources: repeated(resource)})),
});

const frameworkInfo = message({
  user: required(text),
  name: required(text),
  id: field(id),
  failover_timeout: field(number),
  checkpoint: field(boolean),
  role: field(text),
  roles: repeated(text),
  hostname: field(text),
  principal: field(text),
  webui_url: field(text),
  capabilities: repeated(message({type: field(text)})),
  labels: field(labels),
  offer_filters: field(any),
});

const filters = message({refuse_seconds: field(number)});
const roles = message({role: field(text), roles: repeated(text)});

export const CALL: MessageSpec = {
  framework_id: field(id),
  type: field(
    oneOf(
      'SUBSCRIBE',
      'TEARDOWN',
      'ACCEPT',
      'DECLINE',
      'ACCEPT_INVERSE_OFFERS',
      'DECLINE_INVERSE_OFFERS',
      'REVIVE',
      'SUPPRESS',
      'KILL',
      'SHUTDOWN',
      'ACKNOWLEDGE',
      'ACKNOWLEDGE_OPERATION_STATUS',
      'RECONCILE',
      'RECONCILE_OPERATIONS',
      'MESSAGE',
      'REQUEST',
      'UPDATE_FRAMEWORK',
    ),
  ),
  subscribe: field(
    message({
      framework_info: required(frameworkInfo),
      force: field(boolean),
      suppressed_roles: repeated(text),
      offer_constraints: field(any),
    }),
  ),
  accept: field(message({offer_ids: repeated(id), operations: repeated(operation), filters: field(filters)})),
  decline: field(message({offer_ids: repeated(id), filters: field(filters)})),
  accept_inverse_offers: field(any),
  decline_inverse_offers: field(any),
  revive: field(roles),
  suppress: field(roles),
  kill: field(message({task_id: required(id), agent_id: field(id), kill_policy: field(killPolicy)})),
  shutdown: field(message({executor_id: required(id), agent_id: required(id)})),
  acknowledge: field(message({agent_id: required(id), task_id: required(id), uuid: required(bytes)})),
  acknowledge_operation_status: field(any),
  reconcile: field(message({tasks: repeated(message({task_id: required(id), agent_id: field(id)}))})),
  reconcile_operations: field(
    message({operations: repeated(message({operation_id: required(id), agent_id: field(id), resource_provider_id: field(id)}))}),
  ),
  message: field(message({agent_id: required(id), executor_id: required(id), data: required(bytes)})),
  request: field(message({requests: repeated(any)})),
  update_framework: field(
    message({framework_info: required(frameworkInfo), suppressed_roles: repeated(text), offer_constraints: field(any)}),
  ),
};
