import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLError,
} from 'yaml';
import {type ConfigFinding, formatPath, type Path} from './finding.js';

/** A YAML text as plain data that remembers where everything stands. */
export interface Source {
  readonly value: unknown;
  /** Keys given twice: not fatal for the reading, but faults all the same. */
  readonly findings: readonly ConfigFinding[];
  /** Line and column (from 1) of the value at the path, or of the nearest thing above it that is in the file. */
  locate(path: Path, atKey?: boolean): Place;
}

export interface Place {
  readonly line: number;
  readonly column: number;
  /** The path, without what lies below a value that is not a map or list (`nodes[0]`, given as a plain address). */
  readonly path: string;
}

/** Why a text cannot be read as YAML at all. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/** Reads one YAML document. The faults never quote the text: it may hold something secret. */
export function readSource(text: string): Source | {readonly faults: readonly SyntaxFault[]} {
  const lines = new LineCounter();
  const options = {lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true, logLevel: 'silent'} as const;
  const documents = [...parseAllDocuments(text, options)];
  const fault = (offset: number, message: string, hint: string): SyntaxFault => {
    const {line, col} = lines.linePos(offset);
    return {line: Math.max(line, 1), column: Math.max(col, 1), message, hint};
  };

  const binary = text.search(/[\0\ufffd]/);
  if (binary !== -1)
    return {faults: [fault(binary, 'not a text in UTF-8', 'save it as plain text in UTF-8; is it the file you meant?')]};
  const document = documents[0];
  const errors = documents.flatMap((one) => [...one.errors, ...one.warnings]).filter((error) => error.code !== 'DUPLICATE_KEY');
  if (errors.length > 0)
    return {
      faults: withoutEchoes(errors)
        .sort((a, b) => a.pos[0] - b.pos[0])
        .slice(0, MOST_FAULTS)
        .map((error) => fault(error.pos[0], sentence(error), SYNTAX_HINTS[error.code] ?? SYNTAX_HINT)),
    };
  if (documents.length > 1) {
    const start = documents[1]!.range[0];
    return {faults: [fault(start, 'a second document starts here (`---`)', 'a cluster file is one document: delete the rest')]};
  }
  if (!document || document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return {
      faults: [
        fault(0, 'the file is empty', 'at least the nodes are needed: `nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]`'),
      ],
    };
  }
  const dangling = danglingAlias(document);
  if (dangling) {
    const hint = 'define the anchor (`&name`) before its alias (`*name`)';
    return {faults: [fault(startOf(dangling) ?? 0, `no anchor has the name of the alias *${dangling.source}`, hint)]};
  }
  try {
    const value: unknown = document.toJS({maxAliasCount: 1000});
    return {value, findings: duplicates(document), locate: (path, atKey) => locate(document, lines, path, atKey ?? false)};
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {faults: [fault(0, message, 'look at the aliases (`*name`) and merge keys (`<<`)')]};
  }
}

/** A text that is no YAML at all makes the parser complain of every line. */
const MOST_FAULTS = 10;

const SYNTAX_HINT = 'look at the indentation, colons and quotes at and just before this place';
const SYNTAX_HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces, not tabs',
  TAG_RESOLVE_FAILED: 'delete the tag (`!…`): hw5 knows none',
};

/** Once it has lost its way, the parser stumbles over every token to the end of the file: the first of these is enough. */
function withoutEchoes(errors: readonly YAMLError[]): YAMLError[] {
  return errors.filter((error, index) => index === 0 || error.code !== 'UNEXPECTED_TOKEN');
}

/** The parser's sentence, without what it quotes of the text behind a colon. */
function sentence(error: YAMLError): string {
  return `not valid YAML: ${error.message
    .replace(/\s+at line \d+.*$/s, '')
    .replace(/(?<=\S): .*$/s, '')
    .replaceAll(/\s+/g, ' ')}`;
}

function locate(document: Document.Parsed, lines: LineCounter, path: Path, atKey: boolean): Place {
  let node = resolve(document.contents, document);
  let offset = startOf(node) ?? 0;
  let depth = 0;
  for (const part of path) {
    if (!isMap(node) && !isSeq(node)) break;
    depth++;
    const isLast = depth === path.length;
    const pair = isMap(node) ? findPair(node.items as Pair[], String(part), document) : undefined;
    const child = isMap(node) ? pair?.value : node.items[Number(part)];
    if (pair === undefined && child === undefined) return place(lines, offset, path);
    const keyOffset = startOf(pair?.key);
    // An empty value (`key:`) has a place of its own after the colon; its key is where a person looks.
    const isEmpty = child === null || (isScalar(child) && child.value === null);
    offset = (pair && ((isLast && atKey) || isEmpty) ? keyOffset : startOf(child)) ?? keyOffset ?? offset;
    node = resolve(child, document);
  }
  return place(lines, offset, path.slice(0, depth));
}

function place(lines: LineCounter, offset: number, path: Path): Place {
  const {line, col} = lines.linePos(offset);
  return {line: Math.max(line, 1), column: Math.max(col, 1), path: formatPath(path)};
}

function danglingAlias(document: Document.Parsed): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function resolve(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** The last pair wins, as in the data; then what a merge key (`<<: *anchor`) brings. */
function findPair(pairs: readonly Pair[], key: string, document: Document.Parsed): Pair | undefined {
  const own = pairs.findLast((pair) => keyText(pair) === key);
  if (own) return own;
  for (const pair of pairs.filter((candidate) => keyText(candidate) === '<<')) {
    const merged = resolve(pair.value, document);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const map = resolve(source, document);
      const found = isMap(map) ? findPair(map.items as Pair[], key, document) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

function duplicates(document: Document.Parsed): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const walk = (node: unknown, path: Path): void => {
    if (isSeq(node)) node.items.forEach((item, index) => void walk(item, [...path, index]));
    if (!isMap(node)) return;
    const counts = new Map<string, number>();
    for (const pair of node.items as Pair[]) {
      const key = keyText(pair);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (counts.get(key) === 2 && key !== '<<') {
        const hint = 'keep one of them; of two, YAML readers disagree which counts';
        findings.push({path: [...path, key], message: 'the key is given twice', hint, atKey: true});
      }
      walk(pair.value, [...path, key]);
    }
  };
  walk(document.contents, []);
  return findings;
}
