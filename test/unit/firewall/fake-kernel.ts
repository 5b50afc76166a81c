import {quoteToken, tokenize} from '../../../src/firewall/tokens.js';

interface Chain {
  policy: string;
  rules: {counters: string; text: string}[];
}

/**
 * The tables of a kernel, with `iptables-restore --noflush` and `iptables-save -c`: enough to test restore files on, and as strict as the real ones
 * about missing rules and chains.
 */
export class FakeKernel {
  readonly #tables = new Map<string, Map<string, Chain>>();

  constructor(dump: string) {
    this.restore(dump);
  }

  restore(text: string): void {
    let table = new Map<string, Chain>();
    for (const line of text.split('\n')) {
      const [, counters = '[0:0]', rest = ''] = /^(\[\d+:\d+\])? ?(.*)$/.exec(line) ?? [];
      const [verb = '', name = '', ...words] = tokenize(rest);
      const spec = words.map(quoteToken).join(' ');
      if (line.startsWith('*')) table = this.#table(line.slice(1));
      else if (line.startsWith(':')) table.set(verb.slice(1), {policy: name, rules: []});
      else if (verb === '-A') this.#chain(table, name).rules.push({counters, text: spec});
      else if (verb === '-I') {
        if (words[0] !== '1') throw new Error(`not the first place: ${line}`);
        this.#chain(table, name).rules.unshift({counters, text: words.slice(1).map(quoteToken).join(' ')});
      } else if (verb === '-D') {
        const {rules} = this.#chain(table, name);
        const index = rules.findIndex((rule) => rule.text === spec);
        if (index < 0) throw new Error(`no such rule: ${line}`);
        rules.splice(index, 1);
      } else if (verb === '-X') {
        if (this.#chain(table, name).rules.length > 0) throw new Error(`not empty: ${line}`);
        const users = [...table.values()].flatMap(({rules}) => rules).filter((rule) => rule.text.endsWith(`-j ${name}`));
        if (users.length > 0) throw new Error(`in use: ${line}`);
        table.delete(name);
      }
    }
  }

  save(): string {
    return [...this.#tables]
      .map(([name, chains]) =>
        [
          `*${name}`,
          ...[...chains].map(([chain, {policy}]) => `:${chain} ${policy} [0:0]`),
          ...[...chains].flatMap(([chain, {rules}]) => rules.map(({counters, text}) => `${counters} -A ${chain} ${text}`)),
          'COMMIT\n',
        ].join('\n'),
      )
      .join('');
  }

  /** A table comes with its built-in chains. */
  #table(name: string): Map<string, Chain> {
    const table =
      this.#tables.get(name) ?? new Map(['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => [chain, {policy: 'ACCEPT', rules: []}]));
    this.#tables.set(name, table);
    return table;
  }

  #chain(table: Map<string, Chain>, name: string): Chain {
    const chain = table.get(name);
    if (!chain) throw new Error(`no chain ${name}`);
    return chain;
  }
}

/** A host with Docker, and with a rule and a policy of its own. */
export const PLAIN = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
[5:300] -A INPUT -p tcp -m tcp --dport 22 -m comment --comment "not \\"ours\\", -j DROP" -j ACCEPT
[0:0] -A FORWARD -j DOCKER-USER
[0:0] -A DOCKER-USER -j RETURN
COMMIT
`;

/** The same, with Calico ahead of Docker. */
export const WITH_CALICO = PLAIN.replace(
  ':DOCKER-USER - [0:0]\n',
  ':DOCKER-USER - [0:0]\n:cali-FORWARD - [0:0]\n:cali-INPUT - [0:0]\n',
)
  .replace('[5:300] -A INPUT', '[0:0] -A INPUT -j cali-INPUT\n[5:300] -A INPUT')
  .replace('[0:0] -A FORWARD', '[0:0] -A FORWARD -j cali-FORWARD\n[0:0] -A FORWARD');
