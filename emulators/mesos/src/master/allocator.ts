import {add, contains, filter, isEmpty, type Resources, scalar, subtract, toWire} from '../common/resources.js';
import {hasCapability} from '../common/wire.js';
import type {Context} from './context.js';
import {countOffers} from './counters.js';
import {allocatedTo, availableOn} from './offers.js';
import {sendEvent} from './send.js';
import type {Agent, Framework, Offer} from './state.js';

/**
 * Offers all free resources. Those of an agent are offered to a single framework: the one with the smallest dominant share (the largest of
 * its fractions of all cpus, memory and disk) that does not filter them. Upstream Mesos does so on two levels, first roles, then frameworks.
 */
export function allocate(context: Context): void {
  const made = new Map<Framework, Offer[]>();
  for (const agent of context.state.agents.values()) {
    if (agent.stream === undefined) continue;
    let free = availableOn(context.state, agent);
    for (const [framework, role] of byShare(context)) {
      const resources = offerable(context, framework, role, agent, free);
      if (resources === undefined) continue;
      made.set(framework, [...(made.get(framework) ?? []), makeOffer(context, framework, role, agent, resources)]);
      free = subtract(free, resources);
    }
  }
  for (const [framework, offers] of made) {
    countOffers(context, framework, 'sent', offers.length);
    sendEvent(context, framework, {
      type: 'OFFERS',
      offers: {offers: offers.map((offer) => offerJson(context, framework, offer))},
    });
  }
}

function byShare(context: Context): (readonly [Framework, string])[] {
  const total = [...context.state.agents.values()].reduce<Resources>((sum, agent) => add(sum, agent.total), new Map());
  const share = (framework: Framework): number => {
    const allocated = allocatedTo(context.state, framework);
    return Math.max(...['cpus', 'mem', 'disk'].map((name) => scalar(allocated, name) / (scalar(total, name) || 1)));
  };
  return [...context.state.frameworks.values()]
    .filter((framework) => framework.stream !== undefined)
    .map((framework) => ({framework, share: share(framework)}))
    .sort((a, b) => a.share - b.share)
    .flatMap(({framework}) =>
      framework.roles.filter((role) => !framework.suppressed.has(role)).map((role) => [framework, role] as const),
    );
}

/** The part of the free resources that may be offered to a framework in a role; undefined when there is none or it is filtered. */
function offerable(context: Context, framework: Framework, role: string, agent: Agent, free: Resources): Resources | undefined {
  const allowed = filter(free, (entry) => {
    const owner = entry.reservations.at(-1)?.role;
    return owner === undefined || owner === role || role.startsWith(`${owner}/`);
  });
  // Upstream Mesos lists ranges and sets before scalars.
  const resources: Resources = new Map(
    [...allowed].sort(([, a], [, b]) => Number(a.quantity.kind === 'scalar') - Number(b.quantity.kind === 'scalar')),
  );
  // The defaults of upstream's --min_allocatable_resources: less than this is not offered.
  if (isEmpty(resources) || (scalar(resources, 'cpus') < 0.01 && scalar(resources, 'mem') < 32)) return undefined;
  const isFiltered = context.state.filters.some(
    (filter) =>
      filter.frameworkId === framework.id &&
      filter.role === role &&
      filter.agentId === agent.id &&
      filter.until > context.now() &&
      contains(filter.resources, resources),
  );
  return isFiltered ? undefined : resources;
}

function makeOffer(context: Context, framework: Framework, role: string, agent: Agent, resources: Resources): Offer {
  const timeout = context.settings.offerTimeout;
  const offer: Offer = {
    id: `${context.state.id}-O${context.state.nextOffer++}`,
    frameworkId: framework.id,
    agentId: agent.id,
    role,
    resources,
    expiresAt: timeout === undefined ? undefined : context.now() + timeout,
  };
  context.state.offers.set(offer.id, offer);
  return offer;
}

/** The JSON form of an offer, which depends on the framework's capabilities. */
export function offerJson(context: Context, framework: Framework, offer: Offer): object {
  const agent = context.state.agents.get(offer.agentId)!;
  const hasRoles = hasCapability(framework.info, 'MULTI_ROLE');
  const style = {role: hasRoles ? offer.role : undefined, isRefined: hasCapability(framework.info, 'RESERVATION_REFINEMENT')};
  const address = {hostname: agent.info.hostname, ip: agent.ip, port: agent.info.port};
  return {
    id: {value: offer.id},
    framework_id: {value: framework.id},
    agent_id: {value: agent.id},
    hostname: agent.info.hostname,
    url: {scheme: 'http', address, path: '/slave(1)'},
    resources: toWire(offer.resources, style),
    ...(agent.info.attributes.length > 0 ? {attributes: agent.info.attributes} : {}),
    ...(hasRoles ? {allocation_info: {role: offer.role}} : {}),
  };
}
