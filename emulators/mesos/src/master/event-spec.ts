import {bytes, double, field, integer, type MessageSpec, message, oneOf, repeated, required, string} from '../common/message.js';
import {offer} from '../common/spec/framework.js';
import {masterInfo} from '../common/spec/machines.js';
import {operationStatus, taskStatus} from '../common/spec/status.js';
import {id} from '../common/spec/values.js';

/** The events of the v1 scheduler API, with the field numbers of include/mesos/v1/scheduler/scheduler.proto. */

export const EVENT: MessageSpec = {
  type: field(
    1,
    oneOf({
      SUBSCRIBED: 1,
      OFFERS: 2,
      RESCIND: 3,
      UPDATE: 4,
      MESSAGE: 5,
      FAILURE: 6,
      ERROR: 7,
      HEARTBEAT: 8,
      INVERSE_OFFERS: 9,
      RESCIND_INVERSE_OFFER: 10,
      UPDATE_OPERATION_STATUS: 11,
    }),
  ),
  subscribed: field(
    2,
    message({
      framework_id: required(1, id),
      heartbeat_interval_seconds: field(2, double),
      master_info: field(3, masterInfo),
    }),
  ),
  offers: field(3, message({offers: repeated(1, offer)})),
  rescind: field(4, message({offer_id: required(1, id)})),
  update: field(5, message({status: required(1, taskStatus)})),
  message: field(6, message({agent_id: required(1, id), executor_id: required(2, id), data: required(3, bytes)})),
  failure: field(7, message({agent_id: field(1, id), executor_id: field(2, id), status: field(3, integer)})),
  error: field(8, message({message: required(1, string)})),
  update_operation_status: field(11, message({status: required(1, operationStatus)})),
};
