import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {transformSync} from 'esbuild';
import {describe, expect, it} from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/', import.meta.url));
const {isTooOld} = createRequire(import.meta.url)(`${BIN}node-version.js`) as {isTooOld(version: string, range: string): boolean};

describe('the Node.js release that hw5 needs', () => {
  it.each([
    ['20.19.0', false],
    ['20.19.2', false],
    ['20.20.1', false],
    ['22.1.0', false],
    ['100.0.0', false],
    ['23.0.0-nightly20240501', false],
    ['20.18.3', true],
    ['20.9.0', true],
    ['19.20.0', true],
    ['18.20.4', true],
    ['9.11.2', true],
  ])('is 20.19 or newer: is %s too old? %s', (version, expected) => {
    expect(isTooOld(version, '>=20.19')).toBe(expected);
  });

  it('is checked before anything else is loaded: an older one gets one clear line and exit code 2', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hw5-old-node-'));
    try {
      const preload = join(directory, 'old.cjs');
      writeFileSync(preload, "Object.defineProperty(process, 'versions', {value: {...process.versions, node: '18.20.4'}});");
      const {status, stdout, stderr} = spawnSync(process.execPath, ['-r', preload, `${BIN}hw5.js`, '--version'], {
        encoding: 'utf8',
      });
      expect({status, stdout, stderr}).toEqual({
        status: 2,
        stdout: '',
        stderr: 'hw5 needs Node.js 20.19 or newer; this is 18.20.4. See https://nodejs.org/en/download\n',
      });
    } finally {
      rmSync(directory, {recursive: true});
    }
  });

  it.each(['hw5.js', 'node-version.js'])('is checked by code that Node.js 12 can parse: bin/%s', (file) => {
    const source = readFileSync(`${BIN}${file}`, 'utf8').replace(/^#!.*\n/, '');
    // esbuild rewrites what the target does not know
    const [old, current] = ['node12.20', 'node20'].map((target) => transformSync(source, {target, format: 'cjs'}).code);
    expect(old).toBe(current);
  });
});
