import type {MediaType} from '../common/media-types.js';
import {MessageError, parseJson, parseMessage, repeated} from '../common/message.js';
import {decodeMessage} from '../common/protobuf.js';
import {resource} from '../common/spec/values.js';
import type {FrameworkInfo, KillPolicy, Resource, TaskInfo, Value} from '../common/wire.js';
import {CALL} from './call-spec.js';

/** Calls of the v1 scheduler API. A parsed call has the field that its `type` requires. */

export interface Filters {
  /** Seconds; 5 when absent. */
  readonly refuse_seconds?: number;
}

export interface Operation {
  readonly type?: string;
  readonly id?: Value;
  readonly launch?: {readonly task_infos?: readonly TaskInfo[]};
  readonly launch_group?: {readonly task_group: {readonly tasks?: readonly TaskInfo[]}};
  readonly reserve?: {readonly resources?: readonly Resource[]};
  readonly unreserve?: {readonly resources?: readonly Resource[]};
}

export interface AcceptCall {
  readonly offer_ids?: readonly Value[];
  readonly operations?: readonly Operation[];
  readonly filters?: Filters;
}

export interface SubscribeCall {
  readonly framework_info: FrameworkInfo;
  readonly suppressed_roles?: readonly string[];
}

export interface TaskReference {
  readonly task_id: Value;
  readonly agent_id?: Value;
}

export interface OperationReference {
  readonly operation_id: Value;
  readonly agent_id?: Value;
}

export interface Call {
  readonly type: string;
  readonly framework_id?: Value;
  readonly subscribe?: SubscribeCall;
  readonly accept?: AcceptCall;
  readonly decline?: {readonly offer_ids?: readonly Value[]; readonly filters?: Filters};
  readonly revive?: {readonly roles?: readonly string[]};
  readonly suppress?: {readonly roles?: readonly string[]};
  readonly kill?: TaskReference & {readonly kill_policy?: KillPolicy};
  readonly acknowledge?: {readonly agent_id: Value; readonly task_id: Value; readonly uuid: string};
  readonly reconcile?: {readonly tasks?: readonly TaskReference[]};
  readonly reconcile_operations?: {readonly operations?: readonly OperationReference[]};
  readonly update_framework?: SubscribeCall;
}

/** The field that a call of each type requires. REVIVE, SUPPRESS and TEARDOWN require none. */
const FIELDS: Readonly<Record<string, keyof Call | string>> = {
  ACCEPT: 'accept',
  DECLINE: 'decline',
  ACCEPT_INVERSE_OFFERS: 'accept_inverse_offers',
  DECLINE_INVERSE_OFFERS: 'decline_inverse_offers',
  KILL: 'kill',
  SHUTDOWN: 'shutdown',
  ACKNOWLEDGE: 'acknowledge',
  ACKNOWLEDGE_OPERATION_STATUS: 'acknowledge_operation_status',
  RECONCILE: 'reconcile',
  RECONCILE_OPERATIONS: 'reconcile_operations',
  MESSAGE: 'message',
  REQUEST: 'request',
  UPDATE_FRAMEWORK: 'update_framework',
};

/**
 * Parses and validates the body of a scheduler call.
 * @throws {MessageError} with the text of the 400 response
 */
export function parseCall(body: Buffer, mediaType: MediaType): Call {
  const call = mediaType === 'application/json' ? readJson(body) : readProtobuf(body);
  const error = validateCall(call);
  if (error !== undefined) throw new MessageError(`Failed to validate scheduler::Call: ${error}`);
  return call as unknown as Call;
}

function readJson(body: Buffer): Record<string, unknown> {
  const json = parseJson(body.toString('utf8'));
  try {
    return parseMessage(CALL, json);
  } catch (error) {
    if (error instanceof MessageError) throw new MessageError(`Failed to convert JSON into Call protobuf: ${error.message}`);
    throw error;
  }
}

function readProtobuf(body: Buffer): Record<string, unknown> {
  try {
    return parseMessage(CALL, decodeMessage(CALL, body));
  } catch (error) {
    // Upstream's message has no details, not even about missing required fields, which protobuf's parser treats as a syntax error.
    if (error instanceof MessageError) throw new MessageError('Failed to parse body into Call protobuf');
    throw error;
  }
}

/**
 * Parses a JSON list of resources.
 * @throws {MessageError}
 */
export function parseResourceList(text: string): readonly Resource[] {
  return parseMessage({resources: repeated(1, resource)}, {resources: parseJson(text)}).resources as readonly Resource[];
}

function validateCall(call: Record<string, unknown>): string | undefined {
  const type = call.type as string | undefined;
  if (type === undefined) return "Expecting 'type' to be present";
  if (type === 'SUBSCRIBE') {
    if (call.subscribe === undefined) return "Expecting 'subscribe' to be present";
    const id = (call.subscribe as SubscribeCall).framework_info.id?.value;
    return id === (call.framework_id as Value | undefined)?.value
      ? undefined
      : "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (call.framework_id === undefined) return "Expecting 'framework_id' to be present";
  const name = FIELDS[type];
  if (name !== undefined && call[name] === undefined) return `Expecting '${name}' to be present`;
  if (type === 'ACKNOWLEDGE' && !isUuid((call.acknowledge as {uuid: string}).uuid)) return 'Not a valid UUID';
  if (type === 'UPDATE_FRAMEWORK') {
    const id = (call.update_framework as SubscribeCall).framework_info.id?.value;
    if (id !== (call.framework_id as Value).value) return "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  return undefined;
}

/** 16 bytes in base64, not all zero. */
function isUuid(base64: string): boolean {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === 16 && bytes.some((byte) => byte !== 0);
}
