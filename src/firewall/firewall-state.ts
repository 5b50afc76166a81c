import type {Fact} from '../engine/fact.js';
import {quote} from '../host/command.js';
import {template} from '../support/template.js';
import type {Family} from './address.js';
import {parseSave, type SavedTable} from './parse-save.js';

export type Variant = 'nft' | 'legacy';

/** What one iptables of a host holds. A host may have two of a family, the nf_tables and the legacy variant, and the kernel obeys both. */
export interface ToolState {
  /** As `iptables-nft`: with -save and -restore behind it, the programs to ask and tell. */
  readonly tool: string;
  readonly family: Family;
  readonly variant: Variant;
  readonly tables: readonly SavedTable[];
}

/** What a host notes about a rule beside the rule itself. Times are seconds since the epoch by the host's clock. */
export interface Note {
  readonly added: number;
  readonly ends: number | undefined;
  readonly persisted: boolean;
}

export interface Interface {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly addresses: readonly {readonly address: string; readonly scope: string}[];
}

/** A host's firewall as it was seen in one look. */
export interface FirewallState {
  /** The host's clock, seconds since the epoch. */
  readonly now: number;
  readonly tools: readonly ToolState[];
  /** What plain `iptables` and `ip6tables` are. */
  readonly defaults: Readonly<Partial<Record<Family, Variant>>>;
  /** Tools that did not answer, each followed by what it said. They hold nothing that can be worked with. */
  readonly broken: readonly string[];
  /** Of our part of the tables: a change is refused when it is another by then. */
  readonly fingerprint: string;
  readonly notes: ReadonlyMap<string, Note>;
  /** A change that nobody has confirmed yet, and when the host takes it back. */
  readonly pending: {readonly until: number} | undefined;
  readonly interfaces: readonly Interface[];
  /** What systemd says of the unit that restores rules at boot, as `enabled`. Undefined: no rule is kept. */
  readonly bootUnit: string | undefined;
}

/** Whether rules that are kept will not survive a reboot: their unit does not start then. */
export const isForgetful = ({bootUnit}: Pick<FirewallState, 'bootUnit'>): boolean =>
  bootUnit !== undefined && bootUnit !== 'enabled';

/** The program that works on the host; see its head. */
export function program(): string {
  return template('firewall/hw5-firewall.sh');
}

/** A script that runs the program: it is parsed whole before anything of it happens. */
export function programCall(...argv: readonly string[]): string {
  return `PROGRAM=${quote(program())}\neval "$PROGRAM"\nhw5_firewall ${argv.map(quote).join(' ')}\n`;
}

/** All there is to see of a host's firewall. */
export const firewallState = (): Fact<FirewallState> => ({
  script: programCall('look'),
  parse: ({stdout}) => parseFirewallState(stdout),
});

/** Reads what the program prints: lines `#hw5 <what> …`, and behind `#hw5 save …` a dump. */
export function parseFirewallState(text: string): FirewallState {
  const tools: ToolState[] = [];
  const defaults: Partial<Record<Family, Variant>> = {};
  const broken: string[] = [];
  const notes = new Map<string, Note>();
  const interfaces = new Map<string, {mac?: string; addresses: {address: string; scope: string}[]}>();
  let [now, fingerprint] = [0, ''];
  let pending: FirewallState['pending'];
  let bootUnit: string | undefined;
  const at = (name: string) => {
    const one = interfaces.get(name) ?? {addresses: []};
    interfaces.set(name, one);
    return one;
  };
  for (const section of text.split(/^#hw5 /m).slice(1)) {
    const [head = ''] = section.split('\n', 1);
    const [what, a = '', b = '', c = '', d = ''] = head.split(' ');
    if (what === 'now') now = Number(a);
    else if (what === 'default') defaults[a === 'iptables' ? 4 : 6] = b as Variant;
    else if (what === 'broken') broken.push(head.slice('broken '.length));
    else if (what === 'fingerprint') fingerprint = a;
    else if (what === 'note') notes.set(a, {added: Number(b), ends: c === '-' ? undefined : Number(c), persisted: d === 'yes'});
    else if (what === 'boot') bootUnit = a;
    else if (what === 'pending') pending = {until: Number(b)};
    else if (what === 'address') at(a).addresses.push({address: b.replace(/\/\d+$/, ''), scope: c});
    else if (what === 'link') at(a).mac = b;
    // a dump of which there is only a part, or nothing, is no sight of the rules
    else if (what === 'save' && !broken.some((said) => said.startsWith(`${a} `))) {
      tools.push({
        tool: a,
        family: Number(b) as Family,
        variant: c as Variant,
        tables: parseSave(section.slice(head.length + 1)),
      });
    }
  }
  return {
    now,
    fingerprint,
    tools,
    defaults,
    broken,
    notes,
    pending,
    bootUnit,
    interfaces: [...interfaces].map(([name, one]) => ({name, ...one})),
  };
}
