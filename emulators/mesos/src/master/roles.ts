import {add, filter, NONE, type Resources} from '../common/resources.js';
import type {Context} from './context.js';
import {offeredByRole, usedByRole} from './offers.js';

/** A role in use. */
export interface RoleUse {
  readonly name: string;
  /** The ids of the frameworks that are subscribed to it. */
  readonly frameworks: readonly string[];
  readonly allocated: Resources;
  readonly offered: Resources;
  readonly reserved: Resources;
  /** The resources of its tasks and offers. */
  readonly resources: Resources;
}

/** All roles that have frameworks, tasks, offers or reservations, sorted by name. */
export function rolesInUse({state}: Context): RoleUse[] {
  const frameworks = [...state.frameworks.values()];
  const agents = [...state.agents.values()];
  const names = new Set([
    ...frameworks.flatMap((framework) => [...framework.roles, ...usedByRole(framework).keys()]),
    ...agents.flatMap((agent) => [...agent.total.values()].flatMap((entry) => entry.reservations.at(-1)?.role ?? [])),
  ]);
  return [...names].sort().map((name) => {
    const sum = (parts: readonly (Resources | undefined)[]): Resources =>
      parts.reduce<Resources>((a, b) => add(a, b ?? NONE), NONE);
    const allocated = sum(frameworks.map((framework) => usedByRole(framework).get(name)));
    const offered = sum(frameworks.map((framework) => offeredByRole(state, framework).get(name)));
    return {
      name,
      frameworks: frameworks.filter((framework) => framework.roles.includes(name)).map((framework) => framework.id),
      allocated,
      offered,
      reserved: sum(agents.map((agent) => filter(agent.total, (entry) => entry.reservations.at(-1)?.role === name))),
      resources: add(allocated, offered),
    };
  });
}
