import {boolean, double, field, map, message, oneOf, repeated, required, string} from '../message.js';
import {address, allocation, attribute, id, labels, resource, scalar} from './values.js';

/** A framework, and what it is offered. */

const quantities = message({quantities: field(1, map(scalar))});

export const frameworkInfo = message({
  user: required(1, string),
  name: required(2, string),
  id: field(3, id),
  failover_timeout: field(4, double, 0),
  checkpoint: field(5, boolean, false),
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
  offer_filters: field(13, map(message({min_allocatable_resources: field(1, message({quantities: repeated(1, quantities)}))}))),
});

const url = message({scheme: required(1, string), address: required(2, address), path: field(3, string)});

export const offer = message({
  id: required(1, id),
  framework_id: required(2, id),
  agent_id: required(3, id),
  hostname: required(4, string),
  resources: repeated(5, resource),
  executor_ids: repeated(6, id),
  attributes: repeated(7, attribute),
  url: field(8, url),
  allocation_info: field(10, allocation),
});
