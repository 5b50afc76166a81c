/**
 * Calico's selectors: `role == 'web' && (tier in {'a', "b"} || !has(draining))`. `!` binds closest, then `&&`, then `||`.
 * The grammar and its oddities are those of libcalico-go: a label that is missing fulfils `!=` and `not in`.
 */

/** The value of a label; undefined if the endpoint does not have it. */
export type Labels = (name: string) => string | undefined;

export interface Selector {
  readonly matches: (labels: Labels) => boolean;
  /** The selector in its normal form: equal selectors have the same. */
  readonly text: string;
}

/** A selector cannot be parsed. */
export class SelectorError extends Error {}

type Token =
  | {readonly kind: 'label'; readonly text: string}
  | {readonly kind: 'literal'; readonly text: string}
  | {readonly kind: 'has'; readonly text: string}
  | {readonly kind: '(' | ')' | '{' | '}' | ',' | '==' | '!=' | '!' | '&&' | '||' | 'in' | 'not in' | 'all' | 'end'};

const NAME = '[a-zA-Z0-9_./-]{1,512}';
/** In this order: keywords and functions before labels, which may look the same. */
const TOKENS: readonly (readonly [RegExp, (match: RegExpExecArray) => Token])[] = [
  [/^"([^"]*)"|^'([^']*)'/, ([, double, single]) => ({kind: 'literal', text: double ?? single ?? ''})],
  [/^(\(|\)|\{|\}|,|==|!=|!|&&|\|\|)/, ([, sign]) => ({kind: sign as '('})],
  [new RegExp(`^has\\(\\s*(${NAME})\\s*\\)`), ([, text = '']) => ({kind: 'has', text})],
  [/^not\s*in\b/, () => ({kind: 'not in'})],
  [/^in\b/, () => ({kind: 'in'})],
  [/^all\(\s*\)/, () => ({kind: 'all'})],
  [new RegExp(`^${NAME}`), ([text]) => ({kind: 'label', text: text ?? ''})],
];

/** Parses a selector; an empty one matches everything. @throws SelectorError */
export function parseSelector(text: string): Selector {
  const tokens = tokenize(text);
  if (tokens[0]?.kind === 'end') return ALL;
  const parser = new Parser(tokens);
  const selector = parser.or();
  parser.expect('end');
  return selector;
}

const ALL: Selector = {matches: () => true, text: 'all()'};

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text.replace(/^[ \t]+/, '');
  while (rest !== '') {
    const found = TOKENS.map(([pattern, make]) => [pattern.exec(rest), make] as const).find(([match]) => match !== null);
    if (found?.[0] == null) throw new SelectorError(`unexpected characters: ${rest}`);
    tokens.push(found[1](found[0]));
    rest = rest.slice(found[0][0].length).replace(/^[ \t]+/, '');
  }
  return [...tokens, {kind: 'end'}];
}

class Parser {
  readonly #tokens: Token[];

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  or(): Selector {
    const parts = this.#separated('||', () => this.#and());
    return combined(parts, ' || ', (labels) => parts.some((part) => part.matches(labels)));
  }

  /** Takes the next token. @throws SelectorError if it is of another kind */
  expect<K extends Token['kind']>(kind: K): Extract<Token, {readonly kind: K}> {
    const token = this.#next();
    if (token.kind !== kind) throw new SelectorError(`expected ${kind}, not ${token.kind}`);
    return token as Extract<Token, {readonly kind: K}>;
  }

  #and(): Selector {
    const parts = this.#separated('&&', () => this.#operation());
    return combined(parts, ' && ', (labels) => parts.every((part) => part.matches(labels)));
  }

  #separated(sign: '&&' | '||', part: () => Selector): Selector[] {
    const parts = [part()];
    while (this.#takes(sign)) parts.push(part());
    return parts;
  }

  #operation(): Selector {
    let isNegated = false;
    while (this.#takes('!')) isNegated = !isNegated;
    const operand = this.#operand();
    return isNegated ? {matches: (labels) => !operand.matches(labels), text: `!${operand.text}`} : operand;
  }

  #operand(): Selector {
    const token = this.#next();
    switch (token.kind) {
      case 'has':
        return {matches: (labels) => labels(token.text) !== undefined, text: `has(${token.text})`};
      case 'all':
        return ALL;
      case 'label':
        return this.#comparison(token.text);
      case '(': {
        const inner = this.or();
        this.expect(')');
        return inner;
      }
      default:
        throw new SelectorError(`unexpected ${token.kind}`);
    }
  }

  #comparison(label: string): Selector {
    const operator = this.#next().kind;
    if (operator === '==' || operator === '!=') {
      const value = this.expect('literal').text;
      const isEqual = operator === '==';
      return {matches: (labels) => (labels(label) === value) === isEqual, text: `${label} ${operator} ${quoted(value)}`};
    }
    if (operator === 'in' || operator === 'not in') {
      const values = this.#set();
      const isIn = operator === 'in';
      return {
        matches(labels) {
          const value = labels(label);
          return (value !== undefined && values.has(value)) === isIn;
        },
        text: `${label} ${operator} {${[...values].sort().map(quoted).join(', ')}}`,
      };
    }
    throw new SelectorError(`expected == or !=, not ${operator}`);
  }

  /** The values of `{'a', 'b'}`. */
  #set(): ReadonlySet<string> {
    this.expect('{');
    const values = new Set<string>();
    while (this.#tokens[0]?.kind === 'literal') {
      values.add(this.expect('literal').text);
      if (!this.#takes(',')) break;
    }
    this.expect('}');
    return values;
  }

  #takes(kind: Token['kind']): boolean {
    if (this.#tokens[0]?.kind !== kind) return false;
    this.#tokens.shift();
    return true;
  }

  #next(): Token {
    return this.#tokens.length > 1 ? this.#tokens.shift()! : (this.#tokens[0] ?? {kind: 'end'});
  }
}

function combined(parts: readonly Selector[], separator: string, matches: Selector['matches']): Selector {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  return {matches, text: `(${parts.map((part) => part.text).join(separator)})`};
}

function quoted(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
