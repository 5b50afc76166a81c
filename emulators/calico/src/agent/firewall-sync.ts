import {existsSync} from 'node:fs';
import {type Run, runOrThrow} from '../process.js';
import type {Firewall} from './firewall.js';
import {fingerprint, NO_TABLE, parseSaved, renderRestore, type SavedTable} from './restore.js';
import {withHashes} from './rule-hashes.js';
import {ENTRIES, TABLES, type Tables} from './tables.js';

type Family = 'iptables' | 'ip6tables';

/**
 * Keeps the cali-* chains in the kernel as desired. As Felix 2, it writes the legacy variant of iptables, whichever the host's other rules are in.
 * Writes nothing while the chains are as desired.
 */
export class FirewallSync {
  readonly #run: Run;
  readonly #families: readonly Family[];
  /** Per family and table: the chains written, and what iptables-save then printed. iptables normalises rules: compare only its own output. */
  readonly #applied = new Map<string, {readonly desired: string; readonly printed: string}>();
  #hasRemovedOther = false;

  constructor(run: Run, hasIpv6 = existsSync('/proc/sys/net/ipv6')) {
    this.#run = run;
    this.#families = hasIpv6 ? ['iptables', 'ip6tables'] : ['iptables'];
  }

  /** Returns whether anything was written. @throws Error with the message of iptables if a table cannot be written */
  async apply(firewall: Firewall): Promise<boolean> {
    let isChanged = false;
    for (const family of this.#families) {
      if (await this.#applyFamily(family, family === 'iptables' ? firewall.ipv4 : firewall.ipv6)) isChanged = true;
    }
    if (!this.#hasRemovedOther) {
      for (const family of this.#families) await this.#removeOtherVariant(family);
      this.#hasRemovedOther = true;
    }
    return isChanged;
  }

  async #applyFamily(family: Family, tables: Tables): Promise<boolean> {
    const saved = await this.#save(`${family}-legacy`);
    const due = TABLES.filter((table) => {
      const applied = this.#applied.get(`${family} ${table}`);
      return applied?.desired !== desiredOf(tables, table) || applied.printed !== fingerprint(saved.get(table) ?? NO_TABLE);
    });
    if (due.length === 0) return false;
    const text = due.map((table) =>
      renderRestore(table, withHashes(tables[table]), ENTRIES[table], saved.get(table) ?? NO_TABLE),
    );
    await runOrThrow(this.#run, [`${family}-legacy-restore`, '--noflush', '--wait'], text.join(''));
    const printed = await this.#save(`${family}-legacy`);
    for (const table of due) {
      const after = fingerprint(printed.get(table) ?? NO_TABLE);
      this.#applied.set(`${family} ${table}`, {desired: desiredOf(tables, table), printed: after});
    }
    return true;
  }

  /** An earlier version of this emulator wrote to the host's default variant, which is nft on Debian. */
  async #removeOtherVariant(family: Family): Promise<void> {
    const saved = await this.#save(`${family}-nft`);
    const text = [...saved].flatMap(([table, content]) =>
      content.chains.size === 0 && content.entries.size === 0 ? [] : [renderRestore(table, new Map(), {}, content)],
    );
    if (text.length > 0) await runOrThrow(this.#run, [`${family}-nft-restore`, '--noflush'], text.join(''));
  }

  async #save(command: string): Promise<ReadonlyMap<string, SavedTable>> {
    return parseSaved(await runOrThrow(this.#run, [`${command}-save`]));
  }
}

function desiredOf(tables: Tables, table: keyof Tables): string {
  return JSON.stringify([...tables[table]]);
}
