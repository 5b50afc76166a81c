import {execFile, spawn} from 'node:child_process';
import {appendFile, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {type LogRange, logScript} from '../../src/logs/source.js';

const run = promisify(execFile);
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'log-files-'));
  // Stands for the journal of the units.
  await writeFile(
    join(directory, 'journalctl'),
    `#!/bin/sh\nprintf '%s\\n' '2026-01-01T12:00:00.500000+0000 systemd[1]: Started felix' '  more'\n`,
    {mode: 0o755},
  );
});
afterEach(() => rm(directory, {recursive: true}));

const log = async (service: string, ...lines: string[]) => {
  const path = join(directory, service, 'current');
  await mkdir(dirname(path), {recursive: true});
  await appendFile(path, lines.map((line) => `${line}\n`).join(''));
};
const script = (range: LogRange) =>
  logScript({component: 'calico', nodes: [], units: ['calico-felix.service'], files: `${directory}/*/current`}, range);
const env = () => ({...process.env, PATH: `${directory}:${process.env['PATH']}`});

describe("the log of services that write files, as Calico's container does", () => {
  const write = async () => {
    await log('bird', '2026-01-01_12:00:00.30000 bird: Mesh_198_18_0_11: State changed to feed');
    await log(
      'felix',
      '2026-01-01 12:00:00.400 [INFO][59] int_dataplane.go 611: Completed',
      'goroutine 1',
      '2026-01-01 12:00:02.000 [WARN] 2',
    );
    await log('libnetwork', 'time="2026-01-01T12:00:01Z" level=info msg="Join"');
  };

  it('is merged with the journal, each entry with its time and the name of its service', async () => {
    await write();
    const {stdout} = await run('sh', ['-c', script({lines: 100})], {env: env()});
    expect(stdout.split('\n')).toEqual([
      '2026-01-01T12:00:00.30000Z bird: bird: Mesh_198_18_0_11: State changed to feed',
      '2026-01-01T12:00:00.400Z felix: [INFO][59] int_dataplane.go 611: Completed',
      'goroutine 1',
      '2026-01-01T12:00:00.500000+0000 systemd[1]: Started felix',
      '  more',
      '2026-01-01T12:00:01Z libnetwork: level=info msg="Join"',
      '2026-01-01T12:00:02.000Z felix: [WARN] 2',
      '',
    ]);
  });

  it('contains the newest lines, and those since a time', async () => {
    await write();
    const last = await run('sh', ['-c', script({lines: 1})], {env: env()});
    expect(last.stdout).toBe('2026-01-01T12:00:02.000Z felix: [WARN] 2\n');
    const since = {epochSeconds: Date.parse('2026-01-01T12:00:01Z') / 1000};
    const newer = await run('sh', ['-c', script({lines: 100, since})], {env: env()});
    expect(newer.stdout.split('\n').filter((line) => line.includes('Z '))).toEqual([
      '2026-01-01T12:00:01Z libnetwork: level=info msg="Join"',
      '2026-01-01T12:00:02.000Z felix: [WARN] 2',
    ]);
  });

  it('is that of the journal where there are no files', async () => {
    const {stdout} = await run('sh', ['-c', script({lines: 100})], {env: env()});
    expect(stdout).toBe('2026-01-01T12:00:00.500000+0000 systemd[1]: Started felix\n  more\n');
  });

  it('continues with new lines while it is followed', async () => {
    await write();
    const child = spawn('sh', ['-c', script({lines: 1, follow: true})], {env: env(), detached: true});
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    try {
      await expect.poll(() => output, {timeout: 10_000}).toContain('[WARN] 2');
      expect(output).not.toContain('Completed');
      await log('felix', '2026-01-01 12:00:03.000 [INFO] 3');
      await expect.poll(() => output, {timeout: 10_000}).toContain('2026-01-01T12:00:03.000Z felix: [INFO] 3');
    } finally {
      process.kill(-child.pid!);
    }
  });
});
