import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {isBuiltin} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {findCircles, importsOf} from '../support/imports.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** All TypeScript files below a directory of the repository, by their path in the repository, with what they import (types, too). */
function sources(directory: string): ReadonlyMap<string, readonly string[]> {
  const paths = readdirSync(join(ROOT, directory), {recursive: true, encoding: 'utf8'})
    .map((path) => join(directory, path))
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .sort();
  return new Map(paths.map((path) => [path, importsOf(readFileSync(join(ROOT, path), 'utf8'))]));
}

/** The imported file of the repository; undefined for packages and modules of Node. */
const targetOf = (path: string, imported: string): string | undefined =>
  imported.startsWith('.') ? join(dirname(path), imported).replace(/\.js$/, '.ts') : undefined;

const emulators = readdirSync(join(ROOT, 'emulators')).filter((name) =>
  existsSync(join(ROOT, 'emulators', name, 'package.json')),
);

describe('src', () => {
  it('imports nothing of the emulators', () => {
    const imports = [...sources('src')].flatMap(([path, list]) => list.map((one) => `${path}: ${targetOf(path, one) ?? one}`));
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.filter((one) => /: (emulators\/|@hw5\/emulator)/.test(one))).toEqual([]);
  });
});

describe.each(emulators)('the emulator %s', (name) => {
  const directory = join('emulators', name);
  const files = sources(directory);

  it('imports nothing outside of its own directory', () => {
    const targets = [...files].flatMap(([path, list]) => list.map((one) => ({path, target: targetOf(path, one)})));
    const outside = targets.filter(({target}) => target !== undefined && !target.startsWith(`${directory}/`));
    expect(files.size).toBeGreaterThan(10);
    expect(outside).toEqual([]);
  });

  it('has programs that import only packages which its package.json names', () => {
    const {dependencies = {}} = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8'));
    const programs = [...files].filter(([path]) => path.startsWith(`${directory}/src/`));
    const packages = programs.flatMap(([path, list]) =>
      list.filter((one) => !one.startsWith('.') && !isBuiltin(one) && !(one in dependencies)).map((one) => `${path}: ${one}`),
    );
    expect(packages).toEqual([]);
  });

  it('has no files that import each other in circles, not even for types', () => {
    const edges = new Map([...files].map(([path, list]) => [path, list.flatMap((one) => targetOf(path, one) ?? [])]));
    expect(findCircles(edges)).toEqual([]);
  });
});

describe('the search for circles', () => {
  it('finds a circle of type imports', () => {
    const texts = {a: "import type {B} from './b.js';", b: "import {type A} from './c.js';", c: "export type {A} from './a.js';"};
    const edges = new Map(
      Object.entries(texts).map(([path, text]) => [path, importsOf(text).map((one) => one.slice(2).replace('.js', ''))]),
    );
    expect(findCircles(edges)).toEqual(['a → b → c → a']);
    edges.set('c', []);
    expect(findCircles(edges)).toEqual([]);
  });
});
