import {type Run, runOrThrow} from '../process.js';
import {ALL_HOSTS, type IpSets, SELECTOR_PREFIX} from './ip-sets.js';

/** Sets with this prefix are the agent's. */
const PREFIX = 'cali4';
/** The prefix of a set that is filled before it replaces another: as long as that of the others. */
const TEMPORARY = 'cali4t';
const MAXIMUM = 1_048_576;

/** Keeps the ipsets in the kernel as desired. Sets must exist before rules that match them, and may be removed only after these rules. */
export class IpSetSync {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Creates and updates sets. A packet sees the old or the new members. Returns whether anything was written. */
  async update(desired: IpSets): Promise<boolean> {
    const text = renderUpdate(desired, parseSaved(await this.#save()));
    if (text !== '') await runOrThrow(this.#run, ['ipset', 'restore'], text);
    return text !== '';
  }

  /** Removes the sets that no rule matches any more. */
  async removeOthers(desired: IpSets): Promise<void> {
    const names = [...parseSaved(await this.#save()).keys()].filter((name) => !desired.has(name));
    if (names.length > 0) await runOrThrow(this.#run, ['ipset', 'restore'], names.map((name) => `destroy ${name}\n`).join(''));
  }

  #save(): Promise<string> {
    return runOrThrow(this.#run, ['ipset', 'save']);
  }
}

/** Reads the agent's sets from `ipset save`. */
export function parseSaved(text: string): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [command, name = '', member = ''] = line.split(' ');
    if (!name.startsWith(PREFIX)) continue;
    if (command === 'create') sets.set(name, new Set());
    if (command === 'add') sets.get(name)?.add(member);
  }
  return sets;
}

/** The input of `ipset restore` that makes the sets as desired: a changed one is filled apart and swapped. */
export function renderUpdate(desired: IpSets, saved: ReadonlyMap<string, ReadonlySet<string>>): string {
  const lines: string[] = [];
  for (const [name, members] of desired) {
    const current = saved.get(name);
    if (current?.size === members.length && members.every((member) => current.has(member))) continue;
    const hasAddresses = name.startsWith(SELECTOR_PREFIX) || name === ALL_HOSTS;
    const type = `${hasAddresses ? 'hash:ip' : 'hash:net'} family inet maxelem ${MAXIMUM}`;
    if (current === undefined) lines.push(`create ${name} ${type}`, ...members.map((member) => `add ${name} ${member}`));
    else {
      const temporary = TEMPORARY + name.slice(TEMPORARY.length);
      if (saved.has(temporary)) lines.push(`destroy ${temporary}`);
      lines.push(
        `create ${temporary} ${type}`,
        ...members.map((member) => `add ${temporary} ${member}`),
        `swap ${name} ${temporary}`,
        `destroy ${temporary}`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}
