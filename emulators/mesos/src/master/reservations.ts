import {add, contains, fromWire, type Resources, subtract, toWire, withoutLastReservation} from '../common/resources.js';
import {formatResources} from '../common/resources-text.js';
import type {Resource} from '../common/wire.js';
import type {Context} from './context.js';
import {availableOn, rescindOffer, usedOn} from './offers.js';
import {sendToAgent} from './send.js';
import type {Agent, MasterState} from './state.js';
import {validateResources} from './validate-resources.js';

/** What RESERVE and UNRESERVE do: resources of an agent are replaced by the same ones with one reservation more or less. */
export interface Conversion {
  readonly consumed: Resources;
  readonly converted: Resources;
}

/** Who makes the reservation: a framework, with the role of its offer, or an operator, without a role. */
export interface Requester {
  readonly role?: string | undefined;
  readonly principal?: string | undefined;
}

export type ReservationKind = 'RESERVE' | 'UNRESERVE';

/** The conversion that an operation requests, or upstream's error message if the operation is invalid. */
export function planConversion(kind: ReservationKind, wire: readonly Resource[], by: Requester): Conversion | string {
  const invalid = validateResources(wire);
  if (invalid !== undefined) return `Invalid resources: ${invalid}`;
  const reserved = fromWire(wire);
  for (const entry of reserved.values()) {
    if (entry.reservations.at(-1)?.type !== 'DYNAMIC') return `Resource ${entry.name} is not dynamically reserved`;
  }
  const error = kind === 'RESERVE' ? validateReserve(wire, reserved, by) : undefined;
  if (error !== undefined) return error;
  const unreserved = withoutLastReservation(reserved);
  return kind === 'RESERVE' ? {consumed: unreserved, converted: reserved} : {consumed: reserved, converted: unreserved};
}

function validateReserve(wire: readonly Resource[], reserved: Resources, {role, principal}: Requester): string | undefined {
  const attempt = 'A reserve operation was attempted';
  for (const {allocation_info: allocation} of wire) {
    if (role === undefined && allocation !== undefined)
      return `${attempt} with an allocated resource, but the operator API only allows reservations to be made to unallocated resources`;
    if (allocation !== undefined && allocation.role !== role)
      return `${attempt} for a resource allocated to role '${allocation.role}', but the offer was made to role '${role}'`;
  }
  for (const {reservations} of reserved.values()) {
    const last = reservations.at(-1)!;
    if (principal !== undefined && last.principal === undefined)
      return `${attempt} by principal '${principal}', but there is a reserved resource in the request with no principal set`;
    if (principal !== undefined && last.principal !== principal)
      return `${attempt} by authenticated principal '${principal}', which does not match a reserved resource in the request with principal '${last.principal}'`;
    if (role !== undefined && last.role !== role)
      return `${attempt} for a resource with role '${last.role}', but the resource was allocated to role '${role}'`;
  }
  return undefined;
}

/** Why these resources cannot be converted; undefined if they can. */
export function validateConversion(available: Resources, {consumed}: Conversion): string | undefined {
  return contains(available, consumed)
    ? undefined
    : `${formatResources(available)} does not contain ${formatResources(consumed)}`;
}

/** Changes the total resources of an agent, which checkpoints them. */
export function applyConversion(context: Context, agent: Agent, {consumed, converted}: Conversion): void {
  agent.total = add(subtract(agent.total, consumed), converted);
  sendToAgent(context, agent, {type: 'CHECKPOINT_RESOURCES', total: toWire(agent.total, {isRefined: true})});
}

/** The resources of an agent that an operator may reserve or unreserve: those that no task uses. */
export function unusedOn(state: MasterState, agent: Agent): Resources {
  return subtract(agent.total, usedOn(state, agent));
}

/** Performs the conversion of an operator, after rescinding as many offers as necessary. */
export function convertForOperator(context: Context, agent: Agent, conversion: Conversion): void {
  for (const offer of context.state.offers.values()) {
    if (contains(availableOn(context.state, agent), conversion.consumed)) break;
    if (offer.agentId === agent.id) rescindOffer(context, offer);
  }
  applyConversion(context, agent, conversion);
}
