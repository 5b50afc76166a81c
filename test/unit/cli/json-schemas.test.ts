import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {jsonSchemas} from '../../../scripts/json-schemas.js';

const DIRECTORY = fileURLToPath(new URL('../../../docs/schemas/', import.meta.url));
const INTERFACES = fileURLToPath(new URL('../../../docs/interfaces.md', import.meta.url));

describe('docs/schemas', () => {
  it('is up to date: if this fails, run `npm run schemas` and commit what it changed', () => {
    const committed = readdirSync(DIRECTORY).map((name) => [name, readFileSync(DIRECTORY + name, 'utf8')] as const);
    expect(new Map(committed)).toEqual(jsonSchemas());
  });

  it('is listed in docs/interfaces.md', () => {
    const text = readFileSync(INTERFACES, 'utf8');
    const links = [...text.matchAll(/\(schemas\/([^)]+)\)/g)].map((match) => match[1]!);
    expect(links.toSorted()).toEqual([...jsonSchemas().keys()].toSorted());
  });
});
