import {type Run, runOrThrow} from '../process.js';
import {ENTRIES, type Firewall} from './firewall.js';
import {fingerprint, parseSavedTable, renderRestore} from './restore.js';

const TABLES = ['filter', 'nat'] as const;

/** Keeps our chains in the kernel as wanted, with the host's own iptables variant. Touches nothing when nothing is amiss. */
export class FirewallSync {
  readonly #run: Run;
  /** Per table: what was asked for, and how the kernel then showed it. iptables rewrites rules, so only its own words can be compared. */
  readonly #applied = new Map<string, {readonly wanted: string; readonly shown: string}>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Throws with iptables' words if a table cannot be written. Returns whether something was. */
  async apply(firewall: Firewall): Promise<boolean> {
    let isChanged = false;
    for (const table of TABLES) {
      const wanted = JSON.stringify([...firewall[table]]);
      const saved = parseSavedTable(await this.#save(table));
      const applied = this.#applied.get(table);
      if (applied?.wanted === wanted && applied.shown === fingerprint(saved)) continue;
      const text = renderRestore(table, firewall[table], ENTRIES[table], saved);
      await runOrThrow(this.#run, ['iptables-restore', '--noflush', '--wait'], text);
      this.#applied.set(table, {wanted, shown: fingerprint(parseSavedTable(await this.#save(table)))});
      isChanged = true;
    }
    return isChanged;
  }

  #save(table: string): Promise<string> {
    return runOrThrow(this.#run, ['iptables-save', '-t', table]);
  }
}
