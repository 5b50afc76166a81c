import {field, integer, type MessageSpec, message, oneOf, repeated, required, string} from '../message.js';
import {address, attribute, id, resource} from './values.js';

/** Masters and agents. */

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

/** The fields of AgentInfo. */
export const AGENT_INFO: MessageSpec = {
  hostname: required(1, string),
  port: field(8, integer, 5051),
  resources: repeated(3, resource),
  attributes: repeated(5, attribute),
  id: field(6, id),
};

export const agentInfo = message(AGENT_INFO);

export const agentCapability = message({
  type: field(
    1,
    oneOf({
      UNKNOWN: 0,
      MULTI_ROLE: 1,
      HIERARCHICAL_ROLE: 2,
      RESERVATION_REFINEMENT: 3,
      RESOURCE_PROVIDER: 4,
      RESIZE_VOLUME: 5,
      AGENT_OPERATION_FEEDBACK: 6,
      AGENT_DRAINING: 7,
      TASK_RESOURCE_LIMITS: 8,
    }),
  ),
});
