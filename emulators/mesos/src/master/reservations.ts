import {add, contains, fromWire, type Resources, subtract, toWire, withoutLastReservation} from '../common/resources.js';
import {formatResources} from '../common/resources-text.js';
import type {Resource} from '../common/wire.js';
import type {Context} from './context.js';
import {availableOn, removeOffer, usedOn} from './offers.js';
import type {Agent, MasterState} from './state.js';
import {validateResources} from './validate-resources.js';

/** RESERVE and UNRESERVE: resources of an agent become the same ones with a reservation more, or less. */
export interface Conversion {
  readonly take: Resources;
  readonly give: Resources;
}

/** Who reserves: a framework with the role of its offer, or an operator, who has none. */
export interface Requester {
  readonly role?: string | undefined;
  readonly principal?: string | undefined;
}

export type ReservationKind = 'RESERVE' | 'UNRESERVE';

/** What an operation asks for; a text in Mesos' words when it may not be. */
export function planConversion(kind: ReservationKind, wire: readonly Resource[], by: Requester): Conversion | string {
  const invalid = validateResources(wire);
  if (invalid !== undefined) return `Invalid resources: ${invalid}`;
  const reserved = fromWire(wire);
  for (const entry of reserved.values()) {
    if (entry.reservations.at(-1)?.type !== 'DYNAMIC') return `Resource ${entry.name} is not dynamically reserved`;
  }
  const error = kind === 'RESERVE' ? validateReserve(wire, reserved, by) : undefined;
  if (error !== undefined) return error;
  const plain = withoutLastReservation(reserved);
  return kind === 'RESERVE' ? {take: plain, give: reserved} : {take: reserved, give: plain};
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

/** Why an applyConversion can't be made from these resources; undefined when it can. */
export function validateConversion(available: Resources, {take}: Conversion): string | undefined {
  return contains(available, take) ? undefined : `${formatResources(available)} does not contain ${formatResources(take)}`;
}

/** Changes the agent's total; the agent writes it down. */
export function applyConversion(context: Context, agent: Agent, {take, give}: Conversion): void {
  agent.total = add(subtract(agent.total, take), give);
  if (agent.stream === undefined) return;
  const message = {type: 'CHECKPOINT_RESOURCES', total: toWire(agent.total, {isRefined: true})} as const;
  context.emit({kind: 'agent', stream: agent.stream, message});
}

/** What an operator may reserve or unreserve of an agent: all that no task uses. */
export function unusedOn(state: MasterState, agent: Agent): Resources {
  return subtract(agent.total, usedOn(state, agent));
}

/** An operator's applyConversion, for which as many offers are taken back as it needs. */
export function convertForOperator(context: Context, agent: Agent, wanted: Conversion): void {
  for (const offer of context.state.offers.values()) {
    if (contains(availableOn(context.state, agent), wanted.take)) break;
    if (offer.agentId === agent.id) removeOffer(context, offer, true);
  }
  applyConversion(context, agent, wanted);
}
