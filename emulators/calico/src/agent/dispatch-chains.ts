/**
 * The chains that send a packet to the chain of its interface. As Felix's: where several names have the same next character after their common
 * prefix, a chain for that character follows, so that no packet passes many rules.
 * @param chainOf the chain of an interface
 */
export function dispatchChains(
  root: string,
  option: '--in-interface' | '--out-interface',
  interfaces: readonly string[],
  chainOf: (name: string) => string,
): [string, string[]][] {
  const names = [...new Set(interfaces)].sort();
  const prefix = commonPrefix(names);
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const start = name.slice(0, prefix.length + 1);
    groups.set(start, [...(groups.get(start) ?? []), name]);
  }
  const rulesOf = (list: readonly string[]) => list.map((name) => `${option} ${name} --goto ${chainOf(name)}`);
  const unknown = '-m comment --comment "Unknown interface" --jump DROP';
  const children: [string, string[]][] = [];
  const rules = [...groups].flatMap(([start, list]) => {
    if (list.length === 1) return rulesOf(list);
    const child = `${root}-${start.slice(prefix.length)}`;
    children.push([child, [...rulesOf(list), unknown]]);
    return [`${option} ${start}+ --goto ${child}`];
  });
  return [...children, [root, [...rules, unknown]]];
}

function commonPrefix(names: readonly string[]): string {
  const [first = ''] = names;
  let length = first.length;
  for (const name of names) while (!name.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
