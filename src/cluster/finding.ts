/** Where in the YAML: `['nodes', 1, 'address']`. */
export type Path = readonly (string | number)[];

/** An error in the cluster file, identified by its path; `load.ts` adds line and column. */
export interface ConfigFinding {
  readonly path: Path;
  /** What is wrong, without the path. Never contains a value that may be a secret. */
  readonly message: string;
  /** How to fix it. */
  readonly hint: string;
  /** Point at the key instead of at its value. */
  readonly atKey?: boolean;
}

/** Writes `nodes[1].address`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((part, index) => part === path[index]);
}

/** Whether the value at the path, or one above or below it, has a finding already: then no further conclusions are drawn from it. */
export function hasFinding(findings: readonly ConfigFinding[], path: Path): boolean {
  return findings.some((finding) => isWithin(finding.path, path) || isWithin(path, finding.path));
}
