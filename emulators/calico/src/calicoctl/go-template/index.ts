/** A part of Go's text/template: what `-o go-template=` of calicoctl is used for. */
import {type Datum, datumOf, isNil, isTrue, itemsOf, memberOf, textOf} from './datum.js';
import {BUILT_IN, type TemplateFunction} from './functions.js';
import {TemplateError} from './lexer.js';
import {type Expression, type Node, type Pipe, parseTemplate} from './parser.js';

/** The value of `.` and the variables of one place in a template. */
interface Scope {
  readonly dot: Datum;
  readonly variables: Map<string, Datum>;
}

/** Executes a template on `data`. @throws TemplateError, with the message of Go, if it is invalid or a value is missing */
export function executeTemplate(
  template: string,
  data: Datum,
  functions: Readonly<Record<string, TemplateFunction>> = {},
): string {
  const all = {...BUILT_IN, ...functions};
  const nodes = parseTemplate(template);
  return run(nodes, {dot: data, variables: new Map([['$', data]])}, all);
}

type Functions = Readonly<Record<string, TemplateFunction>>;

function run(nodes: readonly Node[], scope: Scope, functions: Functions): string {
  return nodes.map((node) => runNode(node, scope, functions)).join('');
}

function runNode(node: Node, scope: Scope, functions: Functions): string {
  if (node.kind === 'text') return node.text;
  const inner = {...scope, variables: node.kind === 'action' ? scope.variables : new Map(scope.variables)};
  const value = evaluatePipe(node.pipe, inner, functions);
  if (node.kind === 'action') return node.pipe.variables.length > 0 ? '' : textOf(value);
  if (node.kind === 'if') return run(isTrue(value) ? node.body : node.otherwise, inner, functions);
  if (node.kind === 'with') {
    return isTrue(value) ? run(node.body, {...inner, dot: value}, functions) : run(node.otherwise, inner, functions);
  }
  const items = guarded(() => itemsOf(value));
  if (items.length === 0) return run(node.otherwise, inner, functions);
  const [key, item] = node.pipe.variables.length === 2 ? node.pipe.variables : [undefined, node.pipe.variables[0]];
  return items
    .map(([index, dot]) => {
      const variables = new Map(inner.variables);
      if (key !== undefined) variables.set(key, index);
      if (item !== undefined) variables.set(item, dot);
      return run(node.body, {dot, variables}, functions);
    })
    .join('');
}

function evaluatePipe({variables, commands}: Pipe, scope: Scope, functions: Functions): Datum {
  let value: Datum | undefined;
  for (const command of commands) value = evaluate(command, scope, functions, value);
  const result = value ?? datumOf(undefined);
  for (const name of variables) scope.variables.set(name, result);
  return result;
}

function evaluate(expression: Expression, scope: Scope, functions: Functions, last?: Datum): Datum {
  switch (expression.kind) {
    case 'dot':
      return scope.dot;
    case 'literal':
      return datumOf(expression.value);
    case 'variable': {
      const found = scope.variables.get(expression.name);
      if (found === undefined) throw new TemplateError(`undefined variable "${expression.name}"`);
      return found;
    }
    case 'field': {
      const of = evaluate(expression.of, scope, functions);
      if (isNil(of)) throw new TemplateError(`nil pointer evaluating *${of.type.name}.${expression.name}`);
      const member = memberOf(of, expression.name);
      if (member === undefined) throw new TemplateError(`can't evaluate field ${expression.name} in type ${of.type.name}`);
      return member;
    }
    case 'pipe':
      return evaluatePipe(expression.pipe, scope, functions);
    case 'call': {
      const called = functions[expression.name];
      if (called === undefined) throw new TemplateError(`function "${expression.name}" not defined`);
      const args = expression.arguments.map((argument) => evaluate(argument, scope, functions));
      return guarded(() => called(last === undefined ? args : [...args, last]));
    }
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TemplateError ? error : new TemplateError((error as Error).message);
  }
}
