import {bytes, double, field, type MessageSpec, message, oneOf, opaque, repeated, required, string} from '../common/message.js';
import {frameworkInfo} from '../common/spec/framework.js';
import {killPolicy, taskInfo} from '../common/spec/task.js';
import {id, resource} from '../common/spec/values.js';

/** The calls of the v1 scheduler API, with the field numbers of include/mesos/v1/scheduler/scheduler.proto. */

const operation = message({
  type: field(
    1,
    oneOf({
      UNKNOWN: 0,
      LAUNCH: 1,
      RESERVE: 2,
      UNRESERVE: 3,
      CREATE: 4,
      DESTROY: 5,
      LAUNCH_GROUP: 6,
      GROW_VOLUME: 11,
      SHRINK_VOLUME: 12,
      CREATE_DISK: 13,
      DESTROY_DISK: 14,
    }),
  ),
  id: field(12, id),
  launch: field(2, message({task_infos: repeated(1, taskInfo)})),
  launch_group: field(
    7,
    message({executor: required(1, opaque), task_group: required(2, message({tasks: repeated(1, taskInfo)}))}),
  ),
  reserve: field(3, message({resources: repeated(1, resource)})),
  unreserve: field(4, message({resources: repeated(1, resource)})),
});

const filters = message({refuse_seconds: field(1, double)});
const roles = message({roles: repeated(1, string)});
const inverseOffers = message({inverse_offer_ids: repeated(1, id), filters: field(2, filters)});

const subscription = {
  framework_info: required(1, frameworkInfo),
  suppressed_roles: repeated(2, string),
  offer_constraints: field(3, opaque),
};

export const CALL: MessageSpec = {
  framework_id: field(1, id),
  type: field(
    2,
    oneOf({
      SUBSCRIBE: 1,
      TEARDOWN: 2,
      ACCEPT: 3,
      DECLINE: 4,
      REVIVE: 5,
      KILL: 6,
      SHUTDOWN: 7,
      ACKNOWLEDGE: 8,
      RECONCILE: 9,
      MESSAGE: 10,
      REQUEST: 11,
      SUPPRESS: 12,
      ACCEPT_INVERSE_OFFERS: 13,
      DECLINE_INVERSE_OFFERS: 14,
      ACKNOWLEDGE_OPERATION_STATUS: 15,
      RECONCILE_OPERATIONS: 16,
      UPDATE_FRAMEWORK: 17,
    }),
  ),
  subscribe: field(3, message(subscription)),
  accept: field(4, message({offer_ids: repeated(1, id), operations: repeated(2, operation), filters: field(3, filters)})),
  decline: field(5, message({offer_ids: repeated(1, id), filters: field(2, filters)})),
  kill: field(6, message({task_id: required(1, id), agent_id: field(2, id), kill_policy: field(3, killPolicy)})),
  shutdown: field(7, message({executor_id: required(1, id), agent_id: required(2, id)})),
  acknowledge: field(8, message({agent_id: required(1, id), task_id: required(2, id), uuid: required(3, bytes)})),
  reconcile: field(9, message({tasks: repeated(1, message({task_id: required(1, id), agent_id: field(2, id)}))})),
  message: field(10, message({agent_id: required(1, id), executor_id: required(2, id), data: required(3, bytes)})),
  request: field(11, message({requests: repeated(1, opaque)})),
  accept_inverse_offers: field(13, inverseOffers),
  decline_inverse_offers: field(14, inverseOffers),
  revive: field(15, roles),
  suppress: field(16, roles),
  acknowledge_operation_status: field(
    17,
    message({
      agent_id: field(1, id),
      resource_provider_id: field(2, id),
      uuid: required(3, bytes),
      operation_id: required(4, id),
    }),
  ),
  reconcile_operations: field(
    18,
    message({
      operations: repeated(
        1,
        message({operation_id: required(1, id), agent_id: field(2, id), resource_provider_id: field(3, id)}),
      ),
    }),
  ),
  update_framework: field(19, message(subscription)),
};
