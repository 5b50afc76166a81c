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

type Functions = Readonly<Record<string, TemplateFunction>>;

/** What stays the same while a template is executed. */
interface Execution {
  readonly functions: Functions;
  readonly write: (text: string) => void;
}

/**
 * Executes a template on `data`. What precedes an error has been written.
 * @throws TemplateError, with the message of Go, if it is invalid or a value is missing
 */
export function executeTemplate(template: string, data: Datum, write: (text: string) => void, functions: Functions = {}): void {
  const nodes = parseTemplate(template);
  run(nodes, {dot: data, variables: new Map([['$', data]])}, {write, functions: {...BUILT_IN, ...functions}});
}

function run(nodes: readonly Node[], scope: Scope, execution: Execution): void {
  for (const node of nodes) runNode(node, scope, execution);
}

function runNode(node: Node, scope: Scope, execution: Execution): void {
  if (node.kind === 'text') {
    execution.write(node.text);
    return;
  }
  const inner = {...scope, variables: node.kind === 'action' ? scope.variables : new Map(scope.variables)};
  const value = evaluatePipe(node.pipe, inner, execution.functions);
  switch (node.kind) {
    case 'action':
      if (node.pipe.variables.length === 0) execution.write(textOf(value));
      break;
    case 'if':
      run(isTrue(value) ? node.body : node.otherwise, inner, execution);
      break;
    case 'with':
      if (isTrue(value)) run(node.body, {...inner, dot: value}, execution);
      else run(node.otherwise, inner, execution);
      break;
    case 'range':
      runRange(node, value, inner, execution);
  }
}

function runRange(node: Extract<Node, {pipe: Pipe; body: unknown}>, value: Datum, inner: Scope, execution: Execution): void {
  const items = guarded(() => itemsOf(value));
  if (items.length === 0) run(node.otherwise, inner, execution);
  const [key, item] = node.pipe.variables.length === 2 ? node.pipe.variables : [undefined, node.pipe.variables[0]];
  for (const [index, dot] of items) {
    const variables = new Map(inner.variables);
    if (key !== undefined) variables.set(key, index);
    if (item !== undefined) variables.set(item, dot);
    run(node.body, {dot, variables}, execution);
  }
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
