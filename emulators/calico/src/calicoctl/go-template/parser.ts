import {lex, type Part, TemplateError, type Token} from './lexer.js';

export type Expression =
  | {readonly kind: 'dot'}
  | {readonly kind: 'literal'; readonly value: string | number | boolean | undefined}
  | {readonly kind: 'variable'; readonly name: string}
  | {readonly kind: 'field'; readonly of: Expression; readonly name: string}
  | {readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[]}
  | {readonly kind: 'pipe'; readonly pipe: Pipe};

/** Commands whose results are the last arguments of the next one, assigned to variables. */
export interface Pipe {
  readonly variables: readonly string[];
  readonly commands: readonly Expression[];
}

export type Node =
  | {readonly kind: 'text'; readonly text: string}
  | {readonly kind: 'action'; readonly pipe: Pipe}
  | {
      readonly kind: 'if' | 'range' | 'with';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** Parses a Go template. `define`, `template` and `block` are not supported. @throws TemplateError */
export function parseTemplate(template: string): readonly Node[] {
  const parts = lex(template);
  const nodes = parseNodes(parts, []);
  if (parts.length > 0) throw new TemplateError('unexpected {{end}}');
  return nodes;
}

/** Takes the parts up to one of the words `ends`, which stays. */
function parseNodes(parts: Part[], ends: readonly string[]): Node[] {
  const nodes: Node[] = [];
  for (let part = parts[0]; part !== undefined; part = parts[0]) {
    if ('action' in part && ends.includes(part.action[0]?.text ?? '')) return nodes;
    if ('action' in part && part.action[0]?.text === 'end') return nodes;
    parts.shift();
    nodes.push('text' in part ? {kind: 'text', text: part.text} : parseAction([...part.action], parts));
  }
  if (ends.length > 0) throw new TemplateError('unexpected EOF');
  return nodes;
}

function parseAction(tokens: Token[], parts: Part[]): Node {
  const [first] = tokens;
  if (first === undefined) throw new TemplateError('missing value for command');
  if (first.kind === 'name') {
    if (first.text === 'if' || first.text === 'range' || first.text === 'with')
      return parseControl(first.text, tokens.slice(1), parts);
    if (['define', 'template', 'block', 'else', 'break', 'continue'].includes(first.text))
      throw new TemplateError(`unexpected {{${first.text}}}`);
  }
  return {kind: 'action', pipe: parsePipe(tokens)};
}

function parseControl(kind: 'if' | 'range' | 'with', tokens: Token[], parts: Part[]): Node {
  const pipe = parsePipe(tokens);
  const body = parseNodes(parts, ['else', 'end']);
  const ending = parts.shift();
  const action = ending !== undefined && 'action' in ending ? [...ending.action] : [];
  if (action[0]?.text !== 'else') return {kind, pipe, body, otherwise: []};
  // `{{else if}}` contains the rest, and shares its {{end}}
  if (action[1]?.text === 'if') return {kind, pipe, body, otherwise: [parseControl('if', action.slice(2), parts)]};
  const otherwise = parseNodes(parts, ['end']);
  parts.shift();
  return {kind, pipe, body, otherwise};
}

/** Takes all tokens, or those up to a closing parenthesis. */
function parsePipe(tokens: Token[], isNested = false): Pipe {
  const variables = parseDeclarations(tokens);
  const commands: Expression[] = [parseCommand(tokens)];
  while (tokens[0]?.text === '|' && tokens[0].kind === 'sign') {
    tokens.shift();
    commands.push(parseCommand(tokens));
  }
  if (!isNested && tokens[0] !== undefined) throw new TemplateError(`unexpected ${JSON.stringify(tokens[0].text)} in command`);
  return {variables, commands};
}

function parseDeclarations(tokens: Token[]): string[] {
  const signs = tokens.map(({kind, text}) => (kind === 'variable' ? '$' : text));
  const count = [':=', '='].includes(signs[1] ?? '') ? 1 : signs[1] === ',' && signs[3] === ':=' ? 2 : 0;
  if (count === 0 || signs[0] !== '$') return [];
  const taken = tokens.splice(0, count * 2);
  return taken.filter(({kind}) => kind === 'variable').map(({text}) => text);
}

function parseCommand(tokens: Token[]): Expression {
  const operands: Expression[] = [];
  while (tokens[0] !== undefined && !(tokens[0].kind === 'sign' && ['|', ')'].includes(tokens[0].text)))
    operands.push(parseOperand(tokens));
  const [first, ...rest] = operands;
  if (first === undefined) throw new TemplateError('missing value for command');
  if (rest.length === 0) return first;
  if (first.kind !== 'call') throw new TemplateError("can't give argument to non-function");
  return {...first, arguments: rest};
}

function parseOperand(tokens: Token[]): Expression {
  let operand = parseTerm(tokens);
  while (tokens[0]?.kind === 'field' && !tokens[0].isApart) operand = {kind: 'field', of: operand, name: tokens.shift()!.text};
  return operand;
}

function parseTerm(tokens: Token[]): Expression {
  const {kind, text} = tokens.shift()!;
  switch (kind) {
    case 'field':
      return {kind: 'field', of: {kind: 'dot'}, name: text};
    case 'variable':
      return {kind: 'variable', name: text};
    case 'string':
      return {kind: 'literal', value: text};
    case 'number':
      return {kind: 'literal', value: Number(text)};
    case 'name':
      if (text === 'true' || text === 'false') return {kind: 'literal', value: text === 'true'};
      return text === 'nil' ? {kind: 'literal', value: undefined} : {kind: 'call', name: text, arguments: []};
    case 'sign':
      if (text === '.') return {kind: 'dot'};
      if (text === '(') {
        const pipe = parsePipe(tokens, true);
        if (tokens.shift()?.text !== ')') throw new TemplateError('unclosed left paren');
        return {kind: 'pipe', pipe};
      }
      throw new TemplateError(`unexpected ${JSON.stringify(text)} in operand`);
  }
}
