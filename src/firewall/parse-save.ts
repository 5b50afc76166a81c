import {type RuleOption, readOptions, tokenize} from './tokens.js';

export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/** A line `-A CHAIN …` of iptables-save. */
export interface SavedRule {
  readonly chain: string;
  /** What follows the chain's name. */
  readonly text: string;
  readonly options: readonly RuleOption[];
  /** Undefined when saved without `-c`. */
  readonly counters: Counters | undefined;
}

export interface SavedTable {
  readonly name: string;
  /** Chain → policy; `-` for a chain that is not built in. In the order of the dump. */
  readonly chains: ReadonlyMap<string, string>;
  readonly rules: readonly SavedRule[];
}

/** Reads the output of `iptables-save` or `ip6tables-save`, with or without `-c`, of the legacy and the nf_tables variant. */
export function parseSave(text: string): readonly SavedTable[] {
  const tables: {name: string; chains: Map<string, string>; rules: SavedRule[]}[] = [];
  for (const line of text.split('\n')) {
    const table = tables.at(-1);
    if (line.startsWith('*')) tables.push({name: line.slice(1).trim(), chains: new Map(), rules: []});
    else if (line.startsWith(':') && table) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      table.chains.set(name, policy);
    } else if (table) {
      const match = /^(?:\[(\d+):(\d+)\] )?-A (\S+) ?(.*)$/.exec(line);
      if (!match) continue;
      const [, packets, bytes, chain = '', rest = ''] = match;
      table.rules.push({
        chain,
        text: rest,
        options: readOptions(tokenize(rest)),
        counters: packets === undefined ? undefined : {packets: Number(packets), bytes: Number(bytes)},
      });
    }
  }
  return tables;
}

/** The value of a rule's option: the first that is not negated. */
export function optionValue(rule: Pick<SavedRule, 'options'>, ...names: readonly string[]): string | undefined {
  return rule.options.find((option) => names.includes(option.name) && !option.isNegated)?.values[0];
}

/** Where a rule sends what it matches, by `-j` or `-g`. */
export function targetOf(rule: Pick<SavedRule, 'options'>): string | undefined {
  return optionValue(rule, '-j', '-g', '--jump', '--goto');
}

/** A rule's comments, joined. */
export function commentOf(rule: Pick<SavedRule, 'options'>): string {
  return rule.options.flatMap((option) => (option.name === '--comment' ? option.values : [])).join(' ');
}
