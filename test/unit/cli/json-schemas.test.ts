import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {jsonSchemas} from '../../../scripts/json-schemas.js';
import {checkJsonOutput} from '../../support/json-output.js';

const DIRECTORY = fileURLToPath(new URL('../../../docs/schemas/', import.meta.url));
const INTERFACES = fileURLToPath(new URL('../../../docs/interfaces.md', import.meta.url));

describe('docs/schemas', () => {
  it('is up to date: if this fails, run `npm run schemas` and commit what it changed', () => {
    const committed = readdirSync(DIRECTORY).map((name) => [name, readFileSync(DIRECTORY + name, 'utf8')] as const);
    expect(new Map(committed)).toEqual(jsonSchemas());
  });

  it('describes the outputs that the other tests check', () => {
    const line = {node: 'node0', line: 'started'};
    expect(() => checkJsonOutput(['-f', 'up', 'logs', 'etcd', '--json'], JSON.stringify(line))).not.toThrow();
    expect(() => checkJsonOutput(['logs', 'etcd', '--json'], JSON.stringify({...line, time: 1}))).toThrow(
      'docs/schemas/logs.json',
    );
    expect(() => checkJsonOutput(['unknown', '--json'], '{}')).toThrow('which schema');
    expect(() => checkJsonOutput(['task', 'exec', 'ssh-1', '--', 'x', '--json'], '{}')).not.toThrow();
  });

  it('is listed in docs/interfaces.md', () => {
    const text = readFileSync(INTERFACES, 'utf8');
    const links = [...text.matchAll(/\(schemas\/([^)]+)\)/g)].map((match) => match[1]!);
    expect(links.toSorted()).toEqual([...jsonSchemas().keys()].toSorted());
  });
});
