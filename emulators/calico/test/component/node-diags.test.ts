import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import type {Io} from '../../src/calicoctl/io.js';
import {nodeDiags} from '../../src/calicoctl/node-diags.js';

let directory: string;
let made: string | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'diags-test-'));
  made = undefined;
});
afterEach(() => {
  for (const path of [directory, made]) if (path !== undefined) rmSync(path, {recursive: true});
});

it('node diags bundles what commands print and the logs, and reports what it cannot collect', async () => {
  const logs = join(directory, 'calico');
  mkdirSync(join(logs, 'felix'), {recursive: true});
  writeFileSync(join(logs, 'felix/current'), 'a line of Felix\n');
  let output = '';
  const io = {
    version: 'v1.6.5',
    isRoot: true,
    print: (text: string) => {
      output += text;
    },
    async run(argv: readonly string[]) {
      const [program = '', ...args] = argv;
      if (program === 'tar') {
        const {status, stdout, stderr} = spawnSync(program, args, {encoding: 'utf8'});
        return {code: status ?? 1, stdout, stderr};
      }
      return program === 'netstat'
        ? {code: 1, stdout: '', stderr: 'no netstat'}
        : {code: 0, stdout: `output of ${argv.join(' ')}\n`, stderr: ''};
    },
  } as unknown as Io;
  expect(await nodeDiags(io, [`--log-dir=${logs}`])).toBe(0);
  const bundle = /^Diags saved to (\S+\/diags-\d{8}_\d{6}\.tar\.gz)$/m.exec(output)?.[1] ?? '';
  made = dirname(bundle);
  expect(output).toContain('Failed to run command: netstat --all --numeric\nError: no netstat\n');
  expect(spawnSync('tar', ['-xzf', bundle, '-C', directory]).status).toBe(0);
  const read = (name: string) => readFileSync(join(directory, 'diagnostics', name), 'utf8');
  expect(read('ipv4_tables')).toBe('output of iptables-save\n');
  expect(read('logs/felix/current')).toBe('a line of Felix\n');
  expect(readdirSync(join(directory, 'diagnostics'))).toEqual(expect.arrayContaining(['ipsets', 'ipv6_route', 'netstat']));
});
