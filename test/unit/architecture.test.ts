import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {findCircles, importsOf} from '../support/imports.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

interface SourceFile {
  /** Below src/. */
  readonly path: string;
  /** The first directory. */
  readonly area: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(SRC, {recursive: true, encoding: 'utf8'})
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return {path, area: path.split('/')[0]!, text, imports: importsOf(text)};
  });

/** What each part may import besides itself. Everything points down: cli → features → engine → host → cluster → support. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'scheduler-api',
    'components',
    'status',
    'tasks',
    'logs',
    'firewall',
    'trace',
    'lab',
    'engine',
    'host',
    'cluster',
    'support',
  ],
  components: ['scheduler-api', 'engine', 'host', 'cluster', 'support'],
  // derived from the list of components
  status: ['scheduler-api', 'components', 'engine', 'host', 'cluster', 'support'],
  // `hw5 why` queries the scheduler, and the components of the task's node
  tasks: ['scheduler-api', 'components', 'status', 'engine', 'host', 'cluster', 'support'],
  logs: ['components', 'engine', 'host', 'cluster', 'support'],
  firewall: ['components', 'engine', 'host', 'cluster', 'support'],
  trace: ['engine', 'host', 'cluster', 'support'],
  engine: ['host', 'cluster', 'support'],
  // a node's ssh settings
  host: ['cluster', 'support'],
  cluster: ['support'],
  // programs that run on the machines: nothing of the controller goes with them
  framework: ['scheduler-api', 'support'],
  // the contract between the framework and the controller
  'scheduler-api': ['support'],
  proxy: [],
  lab: ['support'],
  support: [],
};

/** Files that may import what their part may not, with why. Keep it short. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  // a lab reports its steps with the events of a run on a cluster
  'lab/report.ts': ['engine/events.js'],
};

const all = (find: (file: SourceFile) => readonly string[]): string[] =>
  files.flatMap((file) => find(file).map((what) => `${file.path}: ${what}`));

const importing = (name: string): string[] =>
  files.filter(({imports}) => imports.some((one) => one === name || one.startsWith(`${name}/`))).map(({path}) => path);

const isProgram = (path: string): boolean => path.endsWith('/main.ts');

const users = (pattern: RegExp): string[] => files.filter(({text}) => pattern.test(text)).map(({path}) => path);

describe('the parts of src', () => {
  it('are all known here', () => {
    expect([...new Set(files.map(({area}) => area))].filter((area) => !(area in MAY_IMPORT))).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  it('import only what lies below them, and no other feature', () => {
    const wrong = all(({path, area, imports}) =>
      imports.filter((one) => {
        if (!one.startsWith('.')) return false;
        const target = relative(SRC, join(SRC, dirname(path), one));
        const part = target.split('/')[0]!;
        return part !== area && !MAY_IMPORT[area]!.includes(part) && !EXCEPTIONS[path]?.includes(target);
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('the graph of the engine knows neither hosts nor the cluster', () => {
    expect(files.find(({path}) => path === 'engine/graph.ts')!.imports).toEqual([]);
  });

  it('name modules with .js, and nothing outside src', () => {
    expect(all(({imports}) => imports.filter((one) => one.startsWith('.') && !one.endsWith('.js')))).toEqual([]);
    const outside = all(({path, imports}) =>
      imports.filter((one) => one.startsWith('.') && join(dirname(path), one).startsWith('..')),
    );
    expect(outside).toEqual([]);
  });

  it('do not import each other in circles', () => {
    const edges = new Map(
      files.map(({path, text}) => {
        const lasting = importsOf(text.replaceAll(/^(import|export) type [^;]*;$/gm, ''));
        return [
          path,
          lasting.filter((one) => one.startsWith('.')).map((one) => join(dirname(path), one).replace(/\.js$/, '.ts')),
        ];
      }),
    );
    expect(findCircles(edges)).toEqual([]);
  });
});

describe('packages', () => {
  it('ssh2 is known to the SSH host only', () => {
    const users = importing('ssh2');
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((path) => !path.startsWith('host/'))).toEqual([]);
  });

  it('execa starts processes of this computer for the local host and the lab only', () => {
    expect(importing('execa').filter((path) => path !== 'host/local-host.ts' && !path.startsWith('lab/'))).toEqual([]);
    expect(importing('execa')).toContain('host/local-host.ts');
  });

  it.each([
    ['chalk', 'cli/reporter/'],
    ['ora', 'cli/reporter/'],
    ['commander', 'cli/'],
  ])('%s is imported in %s only', (name, directory) => {
    expect(importing(name)).not.toEqual([]);
    expect(importing(name).filter((path) => !path.startsWith(directory))).toEqual([]);
  });

  it('the scheduler’s contract needs zod and no other package', () => {
    const packages = files
      .filter(({area}) => area === 'scheduler-api')
      .flatMap(({imports}) => imports.filter((one) => !one.startsWith('.')));
    expect(new Set(packages)).toEqual(new Set(['zod']));
  });

  it('yaml is for those who read and write cluster files', () => {
    expect(importing('yaml').filter((path) => !/^(cluster|lab)\//.test(path) && path !== 'tasks/scale.ts')).toEqual([]);
  });
});

describe('the process', () => {
  it('is ended by programs only', () => {
    const enders = users(/\bprocess\.(exit\(|exitCode)/);
    expect(enders).toContain('cli/main.ts');
    expect(enders.filter((path) => !isProgram(path))).toEqual([]);
  });

  it('is queried for its environment and directory by programs and the command line only', () => {
    expect(users(/\bprocess\.(env|cwd)\b/).filter((path) => !isProgram(path) && !path.startsWith('cli/'))).toEqual([]);
  });

  it('keeps no state in modules: nothing at the top level can be assigned again', () => {
    expect(all(({path, text}) => (isProgram(path) ? [] : (text.match(/^(?:export )?(?:let|var) .*$/gm) ?? [])))).toEqual([]);
  });
});
