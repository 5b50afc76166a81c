/** Something to do once the items that it needs have ended. */
export interface GraphItem {
  readonly key: string;
  /** Keys of other items. */
  readonly needs: readonly string[];
}

/** How an item ended, as far as it matters to the items that need it. */
export interface GraphResult {
  /** Items of the same group do the same in different places. */
  readonly group: string;
  /** It failed or was blocked. */
  readonly hasFailed: boolean;
}

/**
 * Runs all items concurrently, each as soon as those that it needs have ended, however they ended: `run` decides by their results.
 * @throws Error when an item needs an unknown one or, directly or not, itself. What `run` throws, once all items that it does not keep
 * from starting have ended.
 */
export async function runGraph<I extends GraphItem, R>(
  items: readonly I[],
  run: (item: I, needs: readonly R[]) => Promise<R>,
): Promise<readonly R[]> {
  checkNeeds(items);
  const results = new Map<string, Promise<R>>();
  const start = async (item: I): Promise<R> => {
    // the promises of the items that follow in the list exist only after the loop below
    await Promise.resolve();
    return run(item, await Promise.all(item.needs.map((key) => results.get(key)!)));
  };
  for (const item of items) results.set(item.key, start(item));
  const settled = await Promise.allSettled(results.values());
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/**
 * Whether one of an item's needs failed and blocks it.
 * @param isReplaceable whether a failed need does not count if another of its group has succeeded
 */
export function isBlocked<R extends GraphResult>(needs: readonly R[], isReplaceable: (need: R) => boolean): boolean {
  const isReplaced = (need: R): boolean =>
    isReplaceable(need) && needs.some((other) => other.group === need.group && !other.hasFailed);
  return needs.some((need) => need.hasFailed && !isReplaced(need));
}

/** The same items in reverse order: each needs those that needed it. */
export function reversed<I extends GraphItem>(items: readonly I[]): readonly I[] {
  return items
    .map((item) => ({...item, needs: items.filter((other) => other.needs.includes(item.key)).map(({key}) => key)}))
    .reverse();
}

function checkNeeds(items: readonly GraphItem[]): void {
  const byKey = new Map(items.map((item) => [item.key, item]));
  const checked = new Set<string>();
  const check = (key: string, path: readonly string[]): void => {
    if (checked.has(key)) return;
    if (path.includes(key)) throw new Error(`items need each other: ${[...path.slice(path.indexOf(key)), key].join(', ')}`);
    const item = byKey.get(key);
    if (!item) throw new Error(`${path.at(-1)} needs ${key}, which is not in the graph`);
    for (const need of item.needs) check(need, [...path, key]);
    checked.add(key);
  };
  for (const {key} of items) check(key, []);
}
