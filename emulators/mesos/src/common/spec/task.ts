import {
  boolean,
  bytes,
  double,
  field,
  integer,
  type MessageSpec,
  map,
  message,
  oneOf,
  opaque,
  repeated,
  required,
  string,
} from '../message.js';
import {duration, id, labels, parameter, resource, scalar} from './values.js';

/** A task, with its command, container and checks. */

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
      type: field(3, oneOf({UNKNOWN: 0, VALUE: 1, SECRET: 2}), 'VALUE'),
      value: field(2, string),
      secret: field(4, secret),
    }),
  ),
});

const uri = message({
  value: required(1, string),
  executable: field(2, boolean),
  extract: field(3, boolean, true),
  cache: field(4, boolean),
  output_file: field(5, string),
});

export const command = message({
  value: field(3, string),
  shell: field(6, boolean, true),
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

export const networkInfo = message({
  ip_addresses: repeated(5, message({protocol: field(1, protocol, 'IPv4'), ip_address: field(2, string)})),
  name: field(6, string),
  groups: repeated(3, string),
  labels: field(4, labels),
  port_mappings: repeated(7, portMapping),
});

const docker = message({
  image: required(1, string),
  network: field(2, oneOf({HOST: 1, BRIDGE: 2, NONE: 3, USER: 4}), 'HOST'),
  port_mappings: repeated(3, portMapping),
  privileged: field(4, boolean, false),
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

/** The fields of ContainerInfo. */
export const CONTAINER: MessageSpec = {
  type: required(1, oneOf({DOCKER: 1, MESOS: 2})),
  volumes: repeated(2, volume),
  docker: field(3, docker),
  hostname: field(4, string),
  mesos: field(5, message({image: field(1, opaque)})),
  network_infos: repeated(7, networkInfo),
  linux_info: field(8, opaque),
  rlimit_info: field(9, opaque),
  tty_info: field(10, message({window_size: field(1, message({rows: required(1, integer), columns: required(2, integer)}))})),
};

export const container = message(CONTAINER);

const httpCheck = message({
  port: required(1, integer),
  path: field(2, string),
  scheme: field(3, string),
  statuses: repeated(4, integer),
  protocol: field(5, protocol, 'IPv4'),
});

/** The fields of HealthCheck. */
export const HEALTH_CHECK: MessageSpec = {
  type: field(8, oneOf({UNKNOWN: 0, COMMAND: 1, HTTP: 2, TCP: 3})),
  delay_seconds: field(2, double, 15),
  interval_seconds: field(3, double, 10),
  timeout_seconds: field(4, double, 20),
  consecutive_failures: field(5, integer, 3),
  grace_period_seconds: field(6, double, 10),
  command: field(7, command),
  http: field(1, httpCheck),
  tcp: field(9, message({port: required(1, integer), protocol: field(2, protocol, 'IPv4')})),
};

export const healthCheck = message(HEALTH_CHECK);

export const killPolicy = message({grace_period: field(1, duration)});

const visibility = oneOf({FRAMEWORK: 0, CLUSTER: 1, EXTERNAL: 2});

const port = message({
  number: required(1, integer),
  name: field(2, string),
  protocol: field(3, string),
  visibility: field(4, visibility),
  labels: field(5, labels),
});

export const discovery = message({
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
