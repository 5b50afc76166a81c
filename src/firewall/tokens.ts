/**
 * Splits a line of `iptables-save` into its words, as iptables-restore does: blanks separate, double quotes keep blanks, a backslash keeps the
 * character behind it.
 */
export function tokenize(line: string): readonly string[] {
  const tokens: string[] = [];
  let token: string | undefined;
  let isQuoted = false;
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (character === '\\' && isQuoted && index + 1 < line.length) {
      token = (token ?? '') + line[++index]!;
    } else if (character === '"') {
      isQuoted = !isQuoted;
      token ??= '';
    } else if (/\s/.test(character) && !isQuoted) {
      if (token !== undefined) tokens.push(token);
      token = undefined;
    } else {
      token = (token ?? '') + character;
    }
  }
  if (token !== undefined) tokens.push(token);
  return tokens;
}

/** One word for a line of iptables-restore. */
export function quoteToken(token: string): string {
  return /^[\w+@%:,./!=-]+$/.test(token) ? token : `"${token.replace(/["\\]/g, '\\$&')}"`;
}

/** An option of a rule with its values: `! -s 10.0.0.0/8` is {name: '-s', isNegated: true, values: ['10.0.0.0/8']}. */
export interface RuleOption {
  readonly name: string;
  readonly isNegated: boolean;
  readonly values: readonly string[];
}

/** Options whose value is free text, which may begin with a dash. */
const FREE_TEXT = ['--comment', '--log-prefix', '--nflog-prefix', '--string', '--hex-string'];

/** Groups a rule's words (those behind `-A CHAIN`) into options. Both `! --dport 22` and the older `--dport ! 22` are read. */
export function readOptions(tokens: readonly string[]): readonly RuleOption[] {
  const options: {name: string; isNegated: boolean; values: string[]}[] = [];
  let isNegated = false;
  for (const token of tokens) {
    const last = options.at(-1);
    const takesAny = last !== undefined && FREE_TEXT.includes(last.name) && last.values.length === 0;
    if (takesAny) last.values.push(token);
    else if (token === '!') isNegated = true;
    else if (/^--?[a-z]/i.test(token)) {
      options.push({name: token, isNegated, values: []});
      isNegated = false;
    } else if (last) {
      last.values.push(token);
      if (isNegated) last.isNegated = true;
      isNegated = false;
    }
  }
  return options;
}
