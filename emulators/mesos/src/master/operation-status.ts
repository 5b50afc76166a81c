import type {Resource} from '../common/wire.js';
import type {Operation} from './call.js';
import type {Context} from './context.js';
import {sendEvent} from './send.js';
import type {Framework} from './state.js';

export type OperationState = 'OPERATION_FINISHED' | 'OPERATION_ERROR' | 'OPERATION_DROPPED' | 'OPERATION_UNKNOWN';

/**
 * Reports the result of an operation, if the framework has given the operation an id. This master performs operations when they are
 * accepted, so the status has no uuid: it is sent once and needs no acknowledgement.
 */
export function sendOperationStatus(
  context: Context,
  framework: Framework,
  operation: Pick<Operation, 'id'>,
  state: OperationState,
  more: {readonly message?: string; readonly agentId?: string | undefined; readonly converted?: readonly Resource[]} = {},
): void {
  if (operation.id === undefined) return;
  const status = {
    operation_id: operation.id,
    state,
    ...(more.message === undefined ? {} : {message: more.message}),
    ...(more.converted === undefined ? {} : {converted_resources: more.converted}),
    ...(more.agentId === undefined ? {} : {agent_id: {value: more.agentId}}),
  };
  sendEvent(context, framework, {type: 'UPDATE_OPERATION_STATUS', update_operation_status: {status}});
}
