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

/** A YAML document as plain data, with the position of every value. */
export interface Source {
  readonly value: unknown;
  /** Duplicate keys: they do not prevent parsing, but are errors nevertheless. */
  readonly findings: readonly ConfigFinding[];
  /** Line and column (from 1) of the value at the path, or of its nearest ancestor in the file. */
  locate(path: Path, atKey?: boolean): Place;
}

export interface Place {
  readonly line: number;
  readonly column: number;
  /** The path as far as it exists in the file: `nodes[0]` for `nodes[0].address` when the node is a plain address. */
  readonly path: string;
}

/** Why a file cannot be parsed as YAML. */
export interface YamlError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

/** Parses one YAML document. The errors never quote it, as it may contain a secret. */
export function readSource(text: string): Source | {readonly syntaxErrors: readonly YamlError[]} {
  const lines = new LineCounter();
  const options = {lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true, logLevel: 'silent'} as const;
  const documents = [...parseAllDocuments(text, options)];
  const syntaxError = (offset: number, message: string, hint: string): YamlError => {
    const {line, col} = lines.linePos(offset);
    return {line: Math.max(line, 1), column: Math.max(col, 1), message, hint};
  };

  const binary = text.search(/[\0\ufffd]/);
  if (binary !== -1)
    return {
      syntaxErrors: [
        syntaxError(binary, 'the file is not UTF-8 text', 'save it as plain text in UTF-8, and check that it is the right file'),
      ],
    };
  const document = documents[0];
  const errors = documents.flatMap((one) => [...one.errors, ...one.warnings]).filter((error) => error.code !== 'DUPLICATE_KEY');
  if (errors.length > 0)
    return {
      syntaxErrors: withoutFollowUps(errors)
        .sort((a, b) => a.pos[0] - b.pos[0])
        .slice(0, MOST_ERRORS)
        .map((error) => syntaxError(error.pos[0], sentence(error), SYNTAX_HINTS[error.code] ?? SYNTAX_HINT)),
    };
  if (documents.length > 1) {
    const start = documents[1]!.range[0];
    return {
      syntaxErrors: [
        syntaxError(start, 'a second YAML document starts here (`---`)', 'a cluster file is a single document: delete the rest'),
      ],
    };
  }
  if (!document || document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return {
      syntaxErrors: [
        syntaxError(0, 'the file is empty', 'list at least the nodes: `nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]`'),
      ],
    };
  }
  const dangling = danglingAlias(document);
  if (dangling) {
    const hint = 'define the anchor (`&name`) before the alias (`*name`)';
    return {syntaxErrors: [syntaxError(startOf(dangling) ?? 0, `the alias *${dangling.source} has no anchor`, hint)]};
  }
  try {
    const value: unknown = document.toJS({maxAliasCount: 1000});
    return {value, findings: duplicates(document), locate: (path, atKey) => locate(document, lines, path, atKey ?? false)};
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {syntaxErrors: [syntaxError(0, message, 'check the aliases (`*name`) and merge keys (`<<`)')]};
  }
}

/** For a file that is not YAML at all, the parser reports an error for every line. */
const MOST_ERRORS = 10;

const SYNTAX_HINT = 'check the indentation, colons and quotes here and on the lines just above';
const SYNTAX_HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces, not tabs',
  TAG_RESOLVE_FAILED: 'delete the tag (`!…`): hw5 supports no YAML tags',
};

/** After an error, the parser may report every further token as unexpected: only the first of these is kept. */
function withoutFollowUps(errors: readonly YAMLError[]): YAMLError[] {
  return errors.filter((error, index) => index === 0 || error.code !== 'UNEXPECTED_TOKEN');
}

/** The parser's message without the part after a colon, which quotes the file. */
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
    // An empty value (`key:`) has a position after the colon; the position of its key is more useful.
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

/** The last pair with the key takes precedence, as in the data; then pairs from a merge key (`<<: *anchor`). */
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
        const hint = 'keep one of them: YAML parsers disagree on which of two applies';
        findings.push({path: [...path, key], message: 'duplicate key', hint, atKey: true});
      }
      walk(pair.value, [...path, key]);
    }
  };
  walk(document.contents, []);
  return findings;
}
