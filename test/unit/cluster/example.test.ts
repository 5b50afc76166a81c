import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {loadCluster, parseCluster} from '../../../src/cluster/load.js';
import {checkShape, schemaKeys} from '../../../src/cluster/shape.js';
import {readSource} from '../../../src/cluster/source.js';

const FILE = fileURLToPath(new URL('../../../cluster.example.yaml', import.meta.url));
const text = readFileSync(FILE, 'utf8');
const THREE = 'nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]';

/** Settings that are commented out have the form `# key: value`, or are items of a list; prose never starts so. */
function uncomment(yaml: string): string {
  return yaml.replaceAll(/^( *)# ( *(?:- )?[A-Za-z]\w*:(?: .*)?)$/gm, '$1$2');
}

function keysOf(value: unknown, prefix = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysOf(item, `${prefix}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [path, ...keysOf(child, path)];
  });
}

function read(yaml: string): unknown {
  const source = readSource(yaml);
  if ('syntaxErrors' in source) throw new Error(JSON.stringify(source.syntaxErrors));
  expect(source.findings).toEqual([]);
  return source.value;
}

describe('cluster.example.yaml', () => {
  it("is the report's cluster, and contains nothing but the defaults", async () => {
    const options = {user: 'me', home: '/home/me'};
    expect(await loadCluster(FILE, options)).toEqual(parseCluster(THREE, FILE, options));
  });

  it('contains every key of the schema, and no other', () => {
    const contained = new Set(keysOf(read(uncomment(text))));
    expect(schemaKeys().filter((key) => !contained.has(key))).toEqual([]);
    expect([...contained].filter((key) => !schemaKeys().includes(key))).toEqual([]);
  });

  it('contains a valid value for each', () => {
    expect(checkShape(read(uncomment(text))).findings).toEqual([]);
  });

  it('has a comment for every section', () => {
    const lines = uncomment(text).split('\n');
    const unexplained = lines.filter((line, index) => {
      const isSection = /^[a-z]+:/.test(line);
      return isSection && !lines.slice(index - 1, index + 3).some((near) => near.trimStart().startsWith('#'));
    });
    expect(unexplained).toEqual([]);
  });
});
