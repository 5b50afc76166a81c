import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {NODE_HEALTH} from '../../../../src/components/calico/node-status.js';

const TABLE = '| 198.18.0.11 | node-to-node mesh | up | 23:30:04 | Established |';
const RUNNING = `echo 'Calico process is running.'; echo '${TABLE}'`;
const STOPPED = `echo 'Calico process is not running.'; exit 1`;

describe('whether Felix keeps running', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-felix-'));
    await mkdir(join(directory, 'proc'));
    await writeFile(join(directory, 'proc/uptime'), '1000.55 900.00\n');
    for (const program of ['journalctl', 'sleep']) await fake(program, '');
  });
  afterEach(() => rm(directory, {recursive: true}));

  const fake = (name: string, text: string) => writeFile(join(directory, name), `#!/bin/sh\n${text}\n`, {mode: 0o755});
  /** A Felix of this age in seconds. */
  const felix = async (pid: number, age: number) => {
    await mkdir(join(directory, 'proc', String(pid)));
    await writeFile(join(directory, 'proc', String(pid), 'comm'), 'calico-felix\n');
    await writeFile(
      join(directory, 'proc', String(pid), 'stat'),
      `${pid} (calico-felix) ${'0 '.repeat(19)}${(1000 - age) * 100} 0\n`,
    );
  };
  const log = async (text: string) => {
    await mkdir(join(directory, 'felix'));
    await writeFile(join(directory, 'felix/current'), text);
  };
  /** The fact's value where calicoctl is this script. */
  const observe = async (calicoctl: string, env: Record<string, string> = {}) => {
    await fake('calicoctl', calicoctl);
    const script = NODE_HEALTH.script.replaceAll('/proc/', `${directory}/proc/`).replaceAll('/var/log/calico', directory);
    const output = await promisify(execFile)('sh', ['-c', script], {
      env: {...process.env, ...env, PATH: `${directory}:${process.env.PATH}`},
    }).then(
      ({stdout}) => ({stdout, code: 0}),
      ({stdout, code}) => ({stdout, code}),
    );
    return {...NODE_HEALTH.parse(output), code: output.code};
  };

  it('it does when it has run for a while, and sleeps for nothing then', async () => {
    await felix(57, 100);
    await fake('sleep', `touch ${directory}/slept`);
    expect(await observe(RUNNING)).toMatchObject({isRunning: true, peers: [{address: '198.18.0.11'}]});
    await expect(promisify(execFile)('ls', [join(directory, 'slept')])).rejects.toThrow();
  });

  it('it does when it was just started and is still there at a second look', async () => {
    await felix(57, 1);
    expect(await observe(RUNNING)).toMatchObject({isRunning: true});
  });

  it.each([
    ['gone', ''],
    ['another process', `mv $D/57 $D/60`],
  ])('it does not when it is %s at the second look: the last error of its log says why', async (_, change) => {
    await felix(57, 1);
    const D = `${directory}/proc`;
    await fake('sleep', change ? change.replaceAll('$D', D) : `rm -r ${D}/57`);
    await log('[INFO][57] Felix starting up\n[FATAL][57] RPF check is loose\n[INFO][60] Felix starting up\n');
    expect(await observe(RUNNING)).toMatchObject({
      isRunning: false,
      code: 1,
      problem: `Felix does not keep running (${directory}/felix/current: [FATAL][57] RPF check is loose)`,
      peers: [],
    });
  });

  it('it must have run for longer while it is waited for', async () => {
    await felix(57, 5);
    await fake('sleep', `rm -r ${directory}/proc/57`);
    expect(await observe(RUNNING)).toMatchObject({isRunning: true});
    expect(await observe(RUNNING, {HW5_WAIT_BEGAN: String(Math.floor(Date.now() / 1000))})).toMatchObject({isRunning: false});
  });

  it('it does not when it has gone without an error: the last line of its log is shown', async () => {
    await felix(57, 1);
    await fake('sleep', `rm -r ${directory}/proc/57`);
    await log('[INFO][57] Felix starting up\n[INFO][57] loading\n\n');
    expect(await observe(RUNNING)).toMatchObject({
      isRunning: false,
      problem: `Felix does not keep running (${directory}/felix/current: [INFO][57] loading)`,
    });
  });

  it('it does not run when calicoctl finds none: a log without an error is that of a node that was stopped', async () => {
    await log('[INFO][57] Finished applying updates\n');
    expect(await observe(STOPPED)).toMatchObject({isRunning: false, problem: 'the node does not run'});
  });

  it('shows no secret of its log', async () => {
    await log('[FATAL][57] etcd refuses password=hunter2\n');
    expect((await observe(STOPPED)).problem).toContain('password=***');
  });

  it('reads the journal where it runs as a service', async () => {
    await fake('journalctl', 'echo "Error: cannot read the kernel"');
    expect((await observe(STOPPED)).problem).toBe(
      'Felix does not keep running (journalctl -u calico-felix: Error: cannot read the kernel)',
    );
  });

  it('has no log that is worth showing when the node was stopped long ago', async () => {
    await log('[INFO][57] stopped\n');
    await promisify(execFile)('touch', ['-d', '-5 minutes', join(directory, 'felix/current')]);
    expect((await observe(STOPPED)).problem).toBe('the node does not run');
  });

  it('is not waited for longer than half a minute when it exits again and again', async () => {
    await log('[FATAL][57] RPF check is loose\n');
    const began = (seconds: number) => ({HW5_WAIT_BEGAN: String(Math.floor(Date.now() / 1000) - seconds)});
    expect((await observe(STOPPED, began(5))).code).toBe(1);
    expect((await observe(STOPPED, began(40))).code).toBe(113);
    await rm(join(directory, 'felix'), {recursive: true});
    expect((await observe(STOPPED, began(40))).code).toBe(1);
  });
});
