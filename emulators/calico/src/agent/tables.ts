/** Chain name → its rules, as iptables-restore accepts them after `-A <chain>`. */
export type Chains = ReadonlyMap<string, readonly string[]>;

export type Table = 'filter' | 'nat' | 'mangle' | 'raw';
/** The filter first: no packet passes before the profiles are enforced. */
export const TABLES: readonly Table[] = ['filter', 'nat', 'mangle', 'raw'];

/** The cali-* chains of one IP version. */
export type Tables = Readonly<Record<Table, Chains>>;

/** Built-in chain → the cali-* chain that its first rule jumps to, as with Felix's ChainInsertMode "insert". */
export const ENTRIES: Readonly<Record<Table, Readonly<Record<string, string>>>> = {
  filter: {INPUT: 'cali-INPUT', FORWARD: 'cali-FORWARD', OUTPUT: 'cali-OUTPUT'},
  nat: {PREROUTING: 'cali-PREROUTING', POSTROUTING: 'cali-POSTROUTING', OUTPUT: 'cali-OUTPUT'},
  mangle: {PREROUTING: 'cali-PREROUTING'},
  raw: {PREROUTING: 'cali-PREROUTING', OUTPUT: 'cali-OUTPUT'},
};

/** The bits of a packet's mark that Felix uses: accepted, passed on to the profiles, and two for a chain's own use. */
export const MARK = {
  accept: '0x1000000',
  pass: '0x2000000',
  scratch: '0x4000000',
  scratch2: '0x8000000',
  all: '0xf000000',
} as const;
