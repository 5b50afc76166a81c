import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {chmod, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import type {Fact} from '../../../src/engine/fact.js';
import {exists, fileHash, output, succeeds, textFile} from '../../../src/engine/facts.js';
import {FactTimeoutError, hasTimedOut, joinFacts, observe, observeAll} from '../../../src/engine/observe.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {ConnectError, InterruptedError, TimeoutError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';

/** The output as it is. */
const raw = (script: string): Fact<{stdout: string; code: number}> => ({script, parse: ({stdout, code}) => ({stdout, code})});

describe('observing a host with a real shell', () => {
  const host = new LocalHost();
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-observe-'));
  });
  afterAll(() => rm(directory, {recursive: true}));

  it('reads files with content, mode and hash, and reports missing ones', async () => {
    const path = join(directory, "it's a file");
    await writeFile(path, 'two\nlines');
    await chmod(path, 0o640);
    const observed = await observe(host, {
      file: textFile(path),
      hash: fileHash(path),
      isThere: exists(path),
      none: textFile(join(directory, 'none')),
      noHash: fileHash(join(directory, 'none')),
      isNone: exists(join(directory, 'none')),
      directory: textFile(directory),
    });
    expect(observed).toEqual({
      file: {content: 'two\nlines', mode: '640'},
      hash: createHash('sha256').update('two\nlines').digest('hex'),
      isThere: true,
      none: undefined,
      noHash: undefined,
      isNone: false,
      directory: undefined,
    });
  });

  it('returns output unchanged: newlines, umlauts, control characters, large, empty', async () => {
    const observed = await observe(host, {
      lines: raw("printf '\\n\\na\\n b\\n\\n'"),
      umlauts: raw("printf 'gr\\303\\274n \\033[31m'"),
      likeResults: raw("printf '0 0 AAAA\\n7 1 \\n'"),
      much: raw('head -c 300000 /dev/zero | tr "\\0" x'),
      nothing: raw('true'),
    });
    expect(observed.lines.stdout).toBe('\n\na\n b\n\n');
    expect(observed.umlauts.stdout).toBe('grün \u001b[31m');
    expect(observed.likeResults.stdout).toBe('0 0 AAAA\n7 1 \n');
    expect(observed.much.stdout).toBe('x'.repeat(300_000));
    expect(observed.nothing).toEqual({stdout: '', code: 0});
  });

  it('is not affected by a fact that fails, exits, kills itself or is no shell script', async () => {
    const observed = await observe(host, {
      before: output('echo a'),
      fails: raw('echo half; false'),
      exits: raw('exit 3'),
      noScript: raw('if then "'),
      missing: raw('no-such-command-here'),
      reads: raw('read answer; echo "<$answer>"'),
      changes: raw('cd /; d=/nowhere; i=99; exec >/dev/null'),
      after: output('echo b'),
    });
    expect([observed.before, observed.after]).toEqual(['a', 'b']);
    expect(observed.fails).toEqual({stdout: 'half\n', code: 1});
    expect([observed.exits.code, observed.noScript.code, observed.missing.code]).toEqual([3, 2, 127]);
    expect(observed.reads.stdout).toBe('<>\n');
  });

  it('kills a fact that hangs, with its children, and returns the others', async () => {
    const observed = await observe(
      host,
      {
        quick: output('echo a'),
        hangs: raw(`sleep 4711.${process.pid} & sleep 4711.${process.pid}; wait`),
        last: output('echo b'),
      },
      undefined,
      1,
    );
    expect([observed.quick, observed.last]).toEqual(['a', 'b']);
    expect(() => observed.hangs).toThrow(FactTimeoutError);
    const left = `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 4711[.]${process.pid}'`;
    expect((await host.exec(['sh', '-c', left])).stdout).toBe('0\n');
  });

  it('never uses the output of a killed fact, and reports the host and the fact', async () => {
    const observed = await observe(
      host,
      {
        // exits installed when it is ended, as the docker client does
        polite: {...output("trap 'echo late; exit 0' TERM\nsleep 60 & wait"), timeoutHint: 'wake it'},
        killed: {...output('echo half; kill -9 $$'), command: 'half'},
        patient: {...succeeds('sleep 60'), whenTimedOut: false},
      },
      undefined,
      1,
    );
    const thrown = (read: () => unknown): unknown => {
      try {
        return read();
      } catch (error) {
        return error;
      }
    };
    expect(thrown(() => observed.polite)).toMatchObject({
      message: "localhost gave no answer within 1 s: polite (trap 'echo late; exit 0' TERM)",
      hint: 'wake it',
    });
    expect(thrown(() => observed.killed)).toBeInstanceOf(FactTimeoutError);
    expect(thrown(() => observed.killed)).toMatchObject({message: 'localhost gave no answer within 1 s: killed (half)'});
    expect(observed.patient).toBe(false);
    expect(hasTimedOut(observed)).toBe(true);
    expect(hasTimedOut(await observe(host, {patient: {...succeeds('sleep 60'), whenTimedOut: false}}, undefined, 1))).toBe(false);
  });

  it('runs a script once that several facts share', async () => {
    const path = join(directory, 'queried');
    const ask = `echo asked >>${path}; wc -l <${path}`;
    const observed = await observeAll(host, [{a: output(ask), b: succeeds(ask)}, {c: output(ask)}]);
    expect(observed).toEqual([{a: '1', b: true}, {c: '1'}]);
  });

  it('observes all facts concurrently', async () => {
    // each fact ends when the other has begun
    const meet = (mine: string, other: string): Fact<boolean> =>
      succeeds(`touch ${join(directory, mine)}; while ! [ -e ${join(directory, other)} ]; do sleep 0.02; done`);
    expect(await observe(host, {a: meet('a', 'b'), b: meet('b', 'a')})).toEqual({a: true, b: true});
  });

  it('queries one service sequentially, and different ones concurrently', async () => {
    const log = join(directory, 'queries in order');
    const turn = (name: string): Fact<boolean> => ({
      ...succeeds(`echo "begin ${name}" >>'${log}'; sleep 0.05; echo "end ${name}" >>'${log}'`),
      service: 'dockerd',
    });
    await observe(host, {a: turn('a'), b: turn('b'), other: {...succeeds('true'), service: 'etcd'}, c: turn('c')});
    expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual(
      ['a', 'b', 'c'].flatMap((name) => [`begin ${name}`, `end ${name}`]),
    );
  });

  it('waits once for services that hang, for any number of facts, and runs no fact twice', async () => {
    const begun = performance.now();
    const asked = (service: string, text: string) => ({...output(text), service: service});
    const observed = await observe(
      host,
      {
        before: asked('dockerd', 'echo a'),
        hangs: asked('dockerd', "trap '' TERM; sleep 60"),
        after: asked('dockerd', 'echo b'),
        too: asked('etcd', 'sleep 60'),
        others: asked('files', 'echo c'),
      },
      undefined,
      1,
    );
    expect([observed.before, observed.others]).toEqual(['a', 'c']);
    for (const name of ['hangs', 'after', 'too'] as const) expect(() => observed[name]).toThrow(FactTimeoutError);
    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it('uses English in any locale', async () => {
    expect(await observe(host, {locale: output('echo "$LC_ALL"')})).toEqual({locale: 'C'});
  });

  it('leaves no temporary file', async () => {
    const tmp = await mkdtemp(join(directory, 'tmp-'));
    const inTmp = new LocalHost();
    const facts = {where: output(`ls -d "$d" 2>/dev/null; echo "$TMPDIR"`)};
    const moved = {
      name: 'moved',
      exec: (argv: readonly string[], options: object) => inTmp.exec(['env', `TMPDIR=${tmp}`, ...argv], options),
      asRoot: () => moved,
      reconnect: async () => moved,
      [Symbol.asyncDispose]: async () => {},
    };
    expect(await observe(moved, facts)).toEqual({where: tmp});
    expect(await readdir(tmp)).toEqual([]);
    await expect(observe(moved, {...facts, bad: raw('exit 1')})).resolves.toBeDefined();
    expect(await readdir(tmp)).toEqual([]);
  });

  it('fails if it cannot make its temporary directory', async () => {
    const full = new LocalHost();
    const host = {
      name: 'full',
      exec: (argv: readonly string[], options: object) => full.exec(['env', 'TMPDIR=/no/such/directory', ...argv], options),
      asRoot: () => host,
      reconnect: async () => host,
      [Symbol.asyncDispose]: async () => {},
    };
    await expect(observe(host, {a: output('echo a')})).rejects.toMatchObject({
      message: 'sh failed on full (exit 1)',
      hint: expect.stringContaining('is /tmp writable'),
    });
  });

  it('leaves no output on the host when the connection ends', async () => {
    const tmp = await mkdtemp(join(tmpdir(), 'hw5-unheard-'));
    const many = Array.from({length: 20}, (_, index) => ({
      script: `head -c 20000 /dev/zero | tr '\\0' ${index % 10}`,
      service: 'files',
    }));
    const shell = spawn('sh', ['-s'], {env: {...process.env, TMPDIR: tmp}, stdio: ['pipe', 'pipe', 'ignore']});
    shell.stdout.once('data', () => shell.stdout.destroy());
    shell.stdin.end(joinFacts(many));
    await once(shell, 'exit');
    const left = await readdir(tmp);
    await rm(tmp, {recursive: true});
    expect(left).toEqual([]);
  });

  it('leaves no output on the host when it is interrupted, and lets no other user read it meanwhile', async () => {
    const tmp = await mkdtemp(join(directory, 'tmp-'));
    const inTmp = new LocalHost();
    const moved = {
      name: 'moved',
      exec: (argv: readonly string[], options: object) => inTmp.exec(['env', `TMPDIR=${tmp}`, ...argv], options),
      asRoot: () => moved,
      reconnect: async () => moved,
      [Symbol.asyncDispose]: async () => {},
    };
    const abort = new AbortController();
    const observation = observe(moved, {secret: output('echo token'), hangs: output('sleep 4713')}, abort.signal);
    observation.catch(() => undefined);
    const observed = await vi.waitFor(async () => {
      const [made] = await readdir(tmp);
      const file = join(tmp, made!, '0');
      expect(await readFile(file, 'utf8')).toBe('token\n');
      return [await stat(join(tmp, made!)), await stat(file)];
    }, 10_000);
    expect(observed.map(({mode}) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
    abort.abort();
    await expect(observation).rejects.toThrow(InterruptedError);
    expect(await readdir(tmp)).toEqual([]);
  });

  it('ends immediately when interrupted', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 30);
    await expect(observe(host, {hangs: output('sleep 4712')}, abort.signal)).rejects.toThrow(InterruptedError);
  });
});

it('needs one round trip for all facts, and none without facts', async () => {
  const host = new FakeHost().on(['sh', '-s'], `0 0 ${Buffer.from('a').toString('base64')}\n1 7 \n`);
  expect(await observe(host, {a: output('x'), b: raw('y')})).toEqual({a: 'a', b: {stdout: '', code: 7}});
  expect(await observe(host, {})).toEqual({});
  expect(host.commands).toEqual(['sh -s']);
});

it('limits each fact, and fails with one error for a host that times out', async () => {
  const limits: (number | undefined)[] = [];
  const slow = new FakeHost('node0');
  slow.exec = async (_, options) => {
    limits.push(options?.timeoutMs);
    throw new TimeoutError('sh on node0 did not finish');
  };
  await expect(observe(slow, {a: output('x')})).rejects.toMatchObject({
    constructor: ConnectError,
    message: 'node0 is reachable, but observing it did not end within 90 s',
    hint: expect.stringContaining('run the same command again'),
  });
  expect(limits).toEqual([90_000]);
});
