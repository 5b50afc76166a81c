/** A part of a template: text to print, or an action between `{{` and `}}`. */
export type Part = {readonly text: string} | {readonly action: readonly Token[]};

export interface Token {
  readonly kind: 'field' | 'variable' | 'name' | 'string' | 'number' | 'sign';
  /** A field without its dot, a variable with its dollar sign, a string without quotes and escapes. */
  readonly text: string;
  /** Whether blanks precede it: `(f .x).y` is a field of what f returns, `f .x .y` has two arguments. */
  readonly isApart: boolean;
}

/** A template cannot be parsed or executed. The message is that of Go. */
export class TemplateError extends Error {
  constructor(reason: string) {
    super(`template: get: ${reason}`);
  }
}

const COMMENT = /^\{\{(- )?\s*\/\*[\s\S]*?\*\/\s*( -)?\}\}/;
const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /^"(?:[^"\\\n]|\\.)*"|^`[^`]*`/],
  ['number', /^[+-]?\d+(?:\.\d+)?/],
  ['field', /^\.[A-Za-z_]\w*/],
  ['variable', /^\$\w*/],
  ['name', /^[A-Za-z_]\w*/],
  ['sign', /^(?::=|=|\||\(|\)|\.|,)/],
];

/** Divides a template into text and actions, whose `{{- ` and ` -}}` remove the blanks outside of them. */
export function lex(template: string): Part[] {
  const parts: Part[] = [];
  let rest = template;
  let trims = false;
  while (rest !== '') {
    const start = rest.indexOf('{{');
    const text = start < 0 ? rest : rest.slice(0, start);
    rest = start < 0 ? '' : rest.slice(start);
    const trimsBefore = /^\{\{- /.test(rest);
    const left = trims ? text.replace(/^[ \t\r\n]+/, '') : text;
    const kept = trimsBefore ? left.replace(/[ \t\r\n]+$/, '') : left;
    if (kept !== '') parts.push({text: kept});
    if (rest === '') break;
    const comment = COMMENT.exec(rest);
    if (comment !== null) {
      trims = comment[2] !== undefined;
      rest = rest.slice(comment[0].length);
      continue;
    }
    const action = lexAction(rest.slice(trimsBefore ? 4 : 2));
    parts.push({action: action.tokens});
    trims = action.trimsAfter;
    rest = action.rest;
  }
  return parts;
}

function lexAction(text: string): {tokens: Token[]; trimsAfter: boolean; rest: string} {
  const tokens: Token[] = [];
  let rest = text;
  for (;;) {
    const blanks = /^\s*/.exec(rest)?.[0] ?? '';
    const end = /^(\s-)?\}\}/.exec(rest) ?? /^(?:\s*)()\}\}/.exec(rest);
    if (end !== null) return {tokens, trimsAfter: Boolean(end[1]), rest: rest.slice(end[0].length)};
    rest = rest.slice(blanks.length);
    const found = TOKENS.map(([kind, pattern]) => ({kind, text: pattern.exec(rest)?.[0]})).find((one) => one.text !== undefined);
    if (found?.text === undefined) {
      throw new TemplateError(rest === '' ? 'unclosed action' : `unexpected ${JSON.stringify(rest.charAt(0))} in command`);
    }
    tokens.push({kind: found.kind, text: contentOf(found.kind, found.text), isApart: blanks !== ''});
    rest = rest.slice(found.text.length);
  }
}

function contentOf(kind: Token['kind'], text: string): string {
  if (kind === 'field') return text.slice(1);
  if (kind !== 'string') return text;
  return text.startsWith('`') ? text.slice(1, -1) : (JSON.parse(text) as string);
}
