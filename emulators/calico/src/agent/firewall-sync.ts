import {type Run, runOrThrow} from '../process.js';
import {ENTRIES, type Firewall} from './firewall.js';
import {fingerprint, parseSavedTable, renderRestore} from './restore.js';

const TABLES = ['filter', 'nat'] as const;

/** Keeps the cali-* chains in the kernel as desired, with the host's own iptables variant. Writes nothing while they are. */
export class FirewallSync {
  readonly #run: Run;
  /** Per table: the chains written, and what iptables-save then printed. iptables normalises rules: compare only its own output. */
  readonly #applied = new Map<string, {readonly desired: string; readonly printed: string}>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Returns whether anything was written. @throws Error with the message of iptables if a table cannot be written */
  async apply(firewall: Firewall): Promise<boolean> {
    let isChanged = false;
    for (const table of TABLES) {
      const desired = JSON.stringify([...firewall[table]]);
      const saved = parseSavedTable(await this.#save(table));
      const applied = this.#applied.get(table);
      if (applied?.desired === desired && applied.printed === fingerprint(saved)) continue;
      const text = renderRestore(table, firewall[table], ENTRIES[table], saved);
      await runOrThrow(this.#run, ['iptables-restore', '--noflush', '--wait'], text);
      this.#applied.set(table, {desired, printed: fingerprint(parseSavedTable(await this.#save(table)))});
      isChanged = true;
    }
    return isChanged;
  }

  #save(table: string): Promise<string> {
    return runOrThrow(this.#run, ['iptables-save', '-t', table]);
  }
}
