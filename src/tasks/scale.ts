import {diffArrays} from 'diff';
import {type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq} from 'yaml';
import type {Cluster} from '../cluster/cluster.js';
import {type LoadOptions, parseCluster} from '../cluster/load.js';
import {nearest} from '../cluster/nearest.js';
import {DEFAULT_TASKS} from '../cluster/tasks.js';
import {type Address, plus} from '../support/address.js';
import {formatRanges} from '../support/address-range.js';
import {Hw5Errors, UsageError} from '../support/errors.js';

/** The options with which src/cluster reads the file. */
const READING = {merge: true, stringKeys: true, logLevel: 'silent'} as const;

/** Group → desired number of tasks. */
export type Counts = ReadonlyMap<string, number>;

/** Reads `ssh=6`. @throws UsageError */
export function parseCounts(words: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const word of words) {
    const match = /^([^=\s]+)=(\d+)$/.exec(word);
    if (!match) throw new UsageError(`"${word}" is not a group and its number of tasks`, {hint: 'write it as `ssh=6`'});
    const [, name, count] = match as unknown as [string, string, string];
    if (counts.has(name)) throw new UsageError(`${name} is given twice`, {hint: 'leave one out'});
    if (Number(count) === 0)
      throw new UsageError(`${word}: a group has at least one task`, {hint: 'to have none, delete it from the cluster file'});
    counts.set(name, Number(count));
  }
  return counts;
}

/**
 * The content of a cluster file with other numbers of tasks in these groups. Everything else is kept as it is written, including comments,
 * and so is the address of every remaining task. @throws Hw5Errors when the file is invalid, or would become so
 */
export function scaleText(text: string, file: string, counts: Counts, options: LoadOptions): {text: string; cluster: Cluster} {
  const before = parseCluster(text, file, options);
  const document = parseDocument(text, READING);
  const tasks = taskList(document, file);
  const addresses = new Addresses(before);
  for (const [name, count] of counts) {
    const group = groupOf(tasks, name, count);
    if (group) setCount(document, group, {name, count}, addresses);
  }
  for (;;) {
    const changed = render(document, text);
    const after = withCounts(counts, () => parseCluster(changed, file, options));
    const moved = before.framework.tasks.filter((task) => {
      const kept = after.framework.tasks.find((one) => one.name === task.name);
      return kept !== undefined && kept.address !== task.address;
    });
    const groups = new Set(moved.flatMap(({name}) => [name, name.replace(/-\d+$/, '')]));
    const pinned = tasks.items.filter((item) => isMap(item) && pin(document, item, groups, counts, addresses));
    if (pinned.length === 0) return {text: changed, cluster: after};
  }
}

/** The list of tasks; the default list is added to a file that has none. */
function taskList(document: Document, file: string): YAMLSeq {
  const framework = document.get('framework', true);
  if (isAlias(framework)) throw byHand(file, 'framework is an alias');
  if (!isMap(framework)) document.set('framework', document.createNode({}));
  const tasks = document.getIn(['framework', 'tasks'], true);
  if (isAlias(tasks)) throw byHand(file, 'framework.tasks is an alias');
  if (isSeq(tasks)) return tasks;
  const list = document.createNode(DEFAULT_TASKS);
  document.setIn(['framework', 'tasks'], list);
  return list as YAMLSeq;
}

function byHand(file: string, why: string): UsageError {
  return new UsageError(`${why}: hw5 does not change that`, {hint: `change ${file} yourself, then run \`hw5 up\``});
}

function groupOf(tasks: YAMLSeq, name: string, count: number): YAMLMap | undefined {
  const items = tasks.items.filter((item) => isMap(item));
  const nameOf = (item: YAMLMap) => String(item.get('name'));
  const found = items.find((item) => nameOf(item) === name);
  if (found && (found.has('count') || found.has('addresses'))) return found;
  if (found) {
    if (count === 1) return undefined;
    const hint = `make it a group in the cluster file, \`count: ${count}\`; its tasks are then called ${name}-1 to ${name}-${count}`;
    throw new UsageError(`${name} is a single task, and as a group its tasks would have other names`, {hint});
  }
  const groups = items.filter((item) => item.has('count') || item.has('addresses')).map(nameOf);
  const near = nearest(name, groups);
  const hint =
    near === undefined ? `the cluster file has ${groups.length === 0 ? 'none' : groups.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`there is no group of tasks ${name}`, {hint});
}

interface Group {
  readonly name: string;
  readonly count: number;
}

function setCount(document: Document, item: YAMLMap, group: Group, addresses: Addresses): void {
  const hasAddresses = item.has('addresses');
  if (hasAddresses && addresses.of(group.name).length !== group.count)
    setAddresses(document, item, addresses.resized(group.name, group.count));
  const old = item.get('count', true);
  if (isScalar(old)) old.value = group.count;
  // a list of addresses determines the number of tasks
  else if (!hasAddresses) item.set('count', group.count);
}

function setAddresses(document: Document, item: YAMLMap, addresses: readonly Address[]): void {
  const ranges = formatRanges(addresses);
  const old = item.get('addresses', true);
  if (isScalar(old) && ranges.length === 1) old.value = ranges[0];
  else item.set('addresses', document.createNode(ranges.length === 1 ? ranges[0] : ranges, {flow: true}));
}

/** The addresses of the tasks, and the free ones. */
class Addresses {
  readonly #before: Cluster;
  readonly #taken: Set<Address>;

  constructor(before: Cluster) {
    this.#before = before;
    this.#taken = new Set(before.framework.tasks.map((task) => task.address));
  }

  /** The addresses of the group's tasks, in the order name-1, name-2 … */
  of(name: string): readonly Address[] {
    return this.#before.framework.tasks
      .filter((task) => task.name.startsWith(`${name}-`) && /^\d+$/.test(task.name.slice(name.length + 1)))
      .map((task) => task.address);
  }

  /** The address of a single task. */
  ofTask(name: string): Address | undefined {
    return this.#before.framework.tasks.find((task) => task.name === name)?.address;
  }

  /** The addresses that the group keeps, and the next free ones. @throws UsageError when there are not enough */
  resized(name: string, count: number): readonly Address[] {
    const own = this.of(name);
    const all = own.slice(0, count);
    const pool = this.#before.network.subnet;
    for (let last = own.at(-1)!; all.length < count; ) {
      const next = plus(last, 1);
      if (next === undefined || !pool.contains(next) || next === pool.last) {
        throw new UsageError(`${name}=${count}: the pool ${pool} has no free address after ${last}`, {
          hint: `at most ${name}=${all.length}; or give the group other addresses in the cluster file`,
        });
      }
      last = next;
      if (this.#taken.has(next)) continue;
      this.#taken.add(next);
      all.push(next);
    }
    return all;
  }
}

/**
 * Writes the present addresses of an item into the file, if it is one of `groups` (or single tasks): after the change hw5 would choose
 * others. @returns whether it wrote them
 */
function pin(document: Document, item: YAMLMap, groups: ReadonlySet<string>, counts: Counts, addresses: Addresses): boolean {
  const name = String(item.get('name'));
  if (!groups.has(name) || item.has('address') || item.has('addresses')) return false;
  const address = addresses.ofTask(name);
  if (item.has('count')) setAddresses(document, item, addresses.resized(name, counts.get(name) ?? Number(item.get('count'))));
  else if (address !== undefined) item.set('address', address);
  else return false;
  return true;
}

/** The document as YAML that keeps every unchanged line of `original`, because printing a document moves some comments. */
function render(document: Document, original: string): string {
  const layout = {
    lineWidth: 0,
    flowCollectionPadding: /\{ |\[ /.test(original),
    indentSeq: !/^( *)[\w-]+:[^\n]*\n\1- /m.test(original),
  };
  const printed = document.toString(layout);
  const lines = original.split('\n');
  const squash = (line: string) => line.replaceAll(/\s+/g, '');
  const changes = diffArrays(lines, printed.split('\n'), {comparator: (a, b) => squash(a) === squash(b)});
  let at = 0;
  const merged = changes.flatMap(({added, removed, value, count}) => {
    if (added) return value;
    at += count;
    return removed ? [] : lines.slice(at - count, at);
  });
  const patched = merged.join('\n');
  const reread = parseDocument(patched, READING);
  const isSame = reread.errors.length === 0 && JSON.stringify(reread.toJS()) === JSON.stringify(document.toJS());
  return isSame ? patched : printed;
}

/** Reports the counts with an error of the changed content, whose lines and columns do not exist in the user's file. */
function withCounts<T>(counts: Counts, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Hw5Errors)) throw error;
    const requested = [...counts].map(([name, count]) => `${name}=${count}`).join(' ');
    throw new Hw5Errors(error.errors.map((one) => new UsageError(`${requested}: ${one.message}`, {hint: one.hint})));
  }
}
