import {ROLES, type Role} from './cluster.js';
import type {NodeInput} from './schema.js';

/** More members would make etcd slower, and tolerate more failures than a cluster of this size needs. */
const MOST_MEMBERS = 5;

/**
 * The roles of every node. A node whose roles are given has exactly these. Of the others, all are agent, proxy and framework; the first is master unless
 * another node is; and as many of the first are etcd members as make the number of members odd, five at most.
 */
export function assignRoles(nodes: readonly NodeInput[], hasOwnMesos: boolean): readonly (readonly Role[])[] {
  const named = (role: Role) => nodes.filter((node) => node.roles?.includes(role)).length;
  const open = nodes.flatMap((node, index) => (node.roles ? [] : [index]));
  const most = Math.min(MOST_MEMBERS, named('etcd') + open.length);
  const members = Math.max(0, (most % 2 === 0 ? most - 1 : most) - named('etcd'));
  const etcd = new Set(open.slice(0, members));
  const master = hasOwnMesos && named('master') === 0 ? open[0] : undefined;
  return nodes.map((node, index) => {
    if (node.roles) return ROLES.filter((role) => node.roles?.includes(role));
    return ROLES.filter((role) => (role === 'etcd' ? etcd.has(index) : role === 'master' ? index === master : true));
  });
}
