import {boolean, bytes, double, field, integer, message, opaque, repeated, required, string} from '../message.js';
import {taskState, taskStatus} from './status.js';
import {command, container, discovery, healthCheck, killPolicy} from './task.js';
import {duration, id, labels, resource} from './values.js';

/** The calls and responses that the operator APIs of master and agent share. */

/** The fields of calls. */
export const getMetrics = message({timeout: field(1, duration)});
export const setLoggingLevel = message({level: required(1, integer), duration: required(2, duration)});
export const listFiles = message({path: required(1, string)});
export const readFile = message({path: required(1, string), offset: required(2, integer), length: field(3, integer)});

/** The fields of responses. */
export const health = message({healthy: required(1, boolean)});
export const flags = message({flags: repeated(1, message({name: required(1, string), value: field(2, string)}))});
export const metrics = message({metrics: repeated(1, message({name: required(1, string), value: field(2, double)}))});
export const loggingLevel = message({level: required(1, integer)});
export const fileContent = message({size: required(1, integer), data: required(2, bytes)});
export const operations = message({operations: repeated(1, opaque)});

export const version = message({
  version_info: required(
    1,
    message({
      version: required(1, string),
      build_date: field(2, string),
      build_time: field(3, double),
      build_user: field(4, string),
      git_sha: field(5, string),
    }),
  ),
});

export const fileList = message({
  file_infos: repeated(
    1,
    message({
      path: required(1, string),
      nlink: field(2, integer),
      size: field(3, integer),
      mtime: field(4, duration),
      mode: field(5, integer),
      uid: field(6, string),
      gid: field(7, string),
    }),
  ),
});

export const task = message({
  name: required(1, string),
  task_id: required(2, id),
  framework_id: required(3, id),
  executor_id: field(4, id),
  agent_id: required(5, id),
  state: required(6, taskState),
  resources: repeated(7, resource),
  statuses: repeated(8, taskStatus),
  status_update_state: field(9, taskState),
  status_update_uuid: field(10, bytes),
  labels: field(11, labels),
  discovery: field(12, discovery),
  container: field(13, container),
  health_check: field(15, healthCheck),
  kill_policy: field(16, killPolicy),
  user: field(14, string),
});

export const executorInfo = message({
  executor_id: required(1, id),
  framework_id: field(8, id),
  command: field(7, command),
  container: field(11, container),
  resources: repeated(5, resource),
  name: field(9, string),
  source: field(10, string),
  discovery: field(12, discovery),
  labels: field(14, labels),
});
