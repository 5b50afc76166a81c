import {randomUUID} from 'node:crypto';
import {existsSync} from 'node:fs';
import {chmod, mkdtemp, readdir, readFile as readLocal, rm, stat, writeFile as writeLocal} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {Secret} from '../../../src/host/command.js';
import {readFile, upload, WRITE_SCRIPT, writeFile} from '../../../src/host/files.js';
import type {ExecResult, Host} from '../../../src/host/host.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {connectSsh} from '../../../src/host/ssh-host.js';
import {CommandError, InterruptedError, TimeoutError} from '../../../src/support/errors.js';
import {type FakeAnswer, FakeHost} from '../../support/fake-host.js';
import {hasSshd, Sshd} from '../../support/sshd.js';

/** Stands in for `it` where a test does not apply to the kind of host: it is not even reported as skipped. */
const NOT_APPLICABLE = Object.assign(() => undefined, {each: () => () => undefined}) as unknown as typeof it;

/** How to make one kind of host, and how to script the fake one to respond as a real one does. */
interface Subject {
  readonly make: () => Promise<Host>;
  readonly script: (host: Host, argv: readonly string[], ...answers: readonly FakeAnswer[]) => void;
  readonly isReal: boolean;
}

const notNeeded = () => {};

let sshd: Sshd | undefined;
beforeAll(async () => {
  if (hasSshd) sshd = await Sshd.start();
}, 60_000);
afterAll(async () => {
  await sshd?.[Symbol.asyncDispose]();
});

contract('FakeHost', {
  make: async () => new FakeHost(),
  script: (host, argv, ...answers) => (host as FakeHost).on(argv, ...answers),
  isReal: false,
});
contract('LocalHost', {make: async () => new LocalHost(), script: notNeeded, isReal: true});
if (hasSshd) {
  contract('SshHost', {
    make: () => connectSsh({node: {name: 'node0', address: '127.0.0.1', ssh: sshd!.settings()}, home: '/nonexistent'}),
    script: notNeeded,
    isReal: true,
  });
}

function contract(name: string, {make, script, isReal}: Subject): void {
  describe(name, () => {
    const real = isReal ? it : NOT_APPLICABLE;
    let host: Host;
    let directory: string;

    beforeEach(async () => {
      host = await make();
      directory = await mkdtemp(join(tmpdir(), 'hw5-contract-'));
    });
    afterEach(async () => {
      await host[Symbol.asyncDispose]();
      await rm(directory, {recursive: true, force: true});
    });

    const sh = (command: string, ...rest: string[]) => ['sh', '-c', command, 'sh', ...rest];

    it('returns standard output, standard error and the exit code separately', async () => {
      const argv = sh('echo out; echo err >&2; exit 3');
      script(host, argv, {code: 3, stdout: 'out\n', stderr: 'err\n'});
      expect(await host.exec(argv)).toEqual({code: 3, stdout: 'out\n', stderr: 'err\n'} satisfies ExecResult);
    });

    it('returns 127 for a command that does not exist', async () => {
      const argv = ['hw5-no-such-command', 'x'];
      script(host, argv, {code: 127, stderr: "env: 'hw5-no-such-command': No such file or directory\n"});
      const {code, stderr} = await host.exec(argv);
      expect(code).toBe(127);
      expect(stderr).toContain('hw5-no-such-command');
    });

    it('returns no exit code when a signal terminated the command', async () => {
      const argv = sh('kill -KILL $$');
      script(host, argv, {code: undefined});
      expect((await host.exec(argv)).code).toBeUndefined();
    });

    real('passes every argument unchanged', async () => {
      const given = [
        '',
        ' ',
        'a b',
        "it's",
        '"',
        '$HOME',
        '`id`',
        '\\',
        '\\n',
        'a\nb',
        '*',
        '~',
        '!x',
        '-n',
        '--',
        ';',
        '#',
        'é€',
        '&&',
        '%s',
        '\t',
      ];
      const {stdout} = await host.exec(sh('for a in "$@"; do printf "%s\\0" "$a"; done', ...given));
      expect(stdout.split('\0').slice(0, -1)).toEqual(given);
    });

    it.each<[string, string | Buffer | (() => Readable)]>([
      ['a string', 'zwölf\n'],
      ['bytes', Buffer.from('zwölf\n')],
      ['a stream', () => Readable.from(['zw', Buffer.from('ölf'), '\n'])],
    ])('writes %s to standard input', async (_, input) => {
      script(host, ['cat'], (call) => ({stdout: call.stdin}));
      expect((await host.exec(['cat'], {stdin: typeof input === 'function' ? input() : input})).stdout).toBe('zwölf\n');
    });

    it('closes standard input when there is no input', async () => {
      script(host, ['cat'], (call) => ({stdout: call.stdin}));
      expect(await host.exec(['cat'])).toEqual({code: 0, stdout: '', stderr: ''});
    });

    it.each<[string, () => Buffer | Readable]>([
      ['bytes', () => Buffer.alloc(8_000_000)],
      [
        'an endless stream',
        () =>
          Readable.from(
            (function* () {
              for (;;) yield Buffer.alloc(65536);
            })(),
            {objectMode: false},
          ),
      ],
    ])('returns when a command exits without reading its input: %s', async (kind, input) => {
      if (!isReal && kind !== 'bytes') return;
      script(host, ['true'], '');
      expect((await host.exec(['true'], {stdin: input()})).code).toBe(0);
    });

    real('returns when the command exits although the input stream is still open', async () => {
      const input = new Readable({read() {}});
      expect((await host.exec(['true'], {stdin: input})).code).toBe(0);
      expect(input.destroyed).toBe(true);
    });

    real('fails when the input stream fails, and terminates the command', async () => {
      const file = join(directory, 'late');
      const input = new Readable({
        read() {
          this.push('x');
          this.destroy(new Error('the disk failed'));
        },
      });
      await expect(host.exec(sh('cat >/dev/null; sleep 1; echo >"$1"', file), {stdin: input, timeoutMs: 60_000})).rejects.toThrow(
        'the disk failed',
      );
      expect(await running(host, file)).toEqual([]);
      expect(existsSync(file)).toBe(false);
    });

    it('passes output on in chunks instead of collecting it', async () => {
      const argv = sh('echo one; echo two >&2');
      script(host, argv, {stdout: 'one\n', stderr: 'two\n'});
      const received = {stdout: '', stderr: ''};
      const result = await host.exec(argv, {
        onStdout: (chunk) => {
          received.stdout += chunk;
        },
        onStderr: (chunk) => {
          received.stderr += chunk;
        },
      });
      expect(result).toEqual({code: 0, stdout: '', stderr: ''});
      expect(received).toEqual({stdout: 'one\n', stderr: 'two\n'});
    });

    real('applies backpressure to the command while the listener is busy', async () => {
      const file = join(directory, 'finished');
      let bytes = 0;
      let isBusy = false;
      let hasOverlap = false;
      let wasFinishedEarly = false;
      await host.exec(sh('head -c 16000000 /dev/zero; echo >"$1"', file), {
        onStdout: async (chunk) => {
          hasOverlap ||= isBusy;
          isBusy = true;
          if (bytes === 0) {
            await delay(700);
            wasFinishedEarly = existsSync(file);
          }
          await undefined;
          bytes += chunk.length;
          isBusy = false;
        },
      });
      expect({bytes, hasOverlap, wasFinishedEarly}).toEqual({bytes: 16_000_000, hasOverlap: false, wasFinishedEarly: false});
    });

    real('waits for a busy listener when the command has exited', async () => {
      const received: string[] = [];
      const file = join(directory, 'exits');
      let isBusy = false;
      let hasOverlap = false;
      await host.exec(sh('echo one; sleep 0.1; echo two; echo >"$1"', file), {
        onStdout: async (chunk) => {
          hasOverlap ||= isBusy;
          isBusy = true;
          await expect.poll(() => existsSync(file), {timeout: 20_000}).toBe(true);
          // Until the command has exited and the streams are resumed.
          await delay(150);
          received.push(chunk.toString());
          isBusy = false;
        },
      });
      expect({text: received.join(''), hasOverlap}).toEqual({text: 'one\ntwo\n', hasOverlap: false});
    });

    it('fails with the error of the listener', async () => {
      script(host, ['echo', 'x'], 'x\n');
      const listener = async () => {
        throw new Error('not today');
      };
      await expect(host.exec(['echo', 'x'], {onStdout: listener})).rejects.toThrow('not today');
    });

    it('fails at the time limit, naming the command', async () => {
      const argv = ['sleep', '600'];
      script(host, argv, () => new Promise(() => {}));
      const error = await host.exec(argv, {timeoutMs: 200}).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(TimeoutError);
      expect((error as Error).message).toBe(`sleep on ${host.name} did not finish within 0.2 s`);
    });

    real('terminates the command and its children at the time limit', async () => {
      const tag = randomUUID();
      const argv = sh('sleep 600 & sleep 600', tag);
      await expect(host.exec(argv, {timeoutMs: 200})).rejects.toBeInstanceOf(TimeoutError);
      // hw5 does not wait longer than KILL_LIMIT_MS for it, which a busy computer may need
      await expect.poll(() => running(host, tag), {timeout: 30_000}).toEqual([]);
    });

    real('kills a command that ignores SIGTERM', async () => {
      const tag = randomUUID();
      const argv = sh("trap '' TERM; echo ready; while :; do sleep 0.05; done", tag);
      const abort = new AbortController();
      await expect(host.exec(argv, {signal: abort.signal, onStdout: () => abort.abort()})).rejects.toBeInstanceOf(
        InterruptedError,
      );
      // hw5 does not wait longer than KILL_LIMIT_MS for it, which a busy computer may need
      await expect.poll(() => running(host, tag), {timeout: 30_000}).toEqual([]);
    });

    it('is interrupted by its signal', async () => {
      const argv = ['sleep', '600'];
      script(host, argv, () => new Promise(() => {}));
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      await expect(host.exec(argv, {signal: abort.signal})).rejects.toBeInstanceOf(InterruptedError);
    });

    it('is interrupted immediately when the signal had aborted before', async () => {
      script(host, ['sleep', '600'], () => new Promise(() => {}));
      await expect(host.exec(['sleep', '600'], {signal: AbortSignal.abort()})).rejects.toBeInstanceOf(InterruptedError);
    });

    it('runs further commands after one has timed out', async () => {
      script(host, ['sleep', '600'], () => new Promise(() => {}));
      script(host, ['echo', 'still here'], 'still here\n');
      await expect(host.exec(['sleep', '600'], {timeoutMs: 50})).rejects.toBeInstanceOf(TimeoutError);
      expect((await host.exec(['echo', 'still here'])).stdout).toBe('still here\n');
    });

    it('runs many commands concurrently', async () => {
      const numbers = Array.from({length: 40}, (_, index) => String(index));
      for (const number of numbers) script(host, ['echo', number], `${number}\n`);
      const results = await Promise.all(numbers.map((number) => host.exec(['echo', number])));
      expect(results.map(({stdout}) => stdout.trim())).toEqual(numbers);
    });

    real('runs commands with untranslated messages', async () => {
      expect((await host.exec(sh('echo $LC_ALL'))).stdout).toBe('C.UTF-8\n');
    });

    real.each([[[]], [['echo', 'a\0b']]])('rejects an invalid argv: %j', async (argv) => {
      await expect(host.exec(argv)).rejects.toBeInstanceOf(TypeError);
    });

    (isReal && process.getuid?.() === 0 ? it : NOT_APPLICABLE)('runs commands as root with asRoot', async () => {
      expect((await host.asRoot().exec(['id', '-u'])).stdout).toBe('0\n');
    });

    describe('files', () => {
      it('are read as they were written, and undefined where none exists', async () => {
        const path = join(directory, 'a', 'b', 'c.conf');
        if (host instanceof FakeHost) host.withoutFile(path);
        expect(await readFile(host, path)).toBeUndefined();
        const content = Buffer.from(Array.from({length: 70_000}, (_, index) => index % 256));
        await writeFile(host, path, content, {mode: 0o644});
        expect((await readFile(host, path))?.equals(content)).toBe(true);
      });

      it('are written with the value of a secret', async () => {
        await writeFile(host, join(directory, 'token'), new Secret('hidden'), {mode: 0o600});
        expect((await readFile(host, join(directory, 'token')))?.toString()).toBe('hidden');
      });

      it('are uploaded from the controller', async () => {
        const local = join(directory, 'local');
        await writeLocal(local, 'x'.repeat(3_000_000));
        await upload(host, join(directory, 'remote'), local, {mode: 0o755});
        expect((await readFile(host, join(directory, 'remote')))?.length).toBe(3_000_000);
      });

      real('get their mode, and new directories 0755', async () => {
        const path = join(directory, 'new', 'deep', 'file');
        await writeFile(host, path, 'x', {mode: 0o640});
        const modes = await Promise.all(
          [path, join(directory, 'new', 'deep'), join(directory, 'new')].map(async (p) => (await stat(p)).mode & 0o7777),
        );
        expect(modes).toEqual([0o640, 0o755, 0o755]);
      });

      real('are replaced by new ones, with nothing left next to them', async () => {
        const path = join(directory, 'file');
        await writeLocal(path, 'old');
        await chmod(path, 0o666);
        const before = await stat(path);
        await writeFile(host, path, 'new', {mode: 0o600});
        const after = await stat(path);
        expect(after.ino).not.toBe(before.ino);
        expect(after.mode & 0o777).toBe(0o600);
        expect(await readdir(directory)).toEqual(['file']);
      });

      real('are kept when the new content does not arrive completely', async () => {
        const path = join(directory, 'file');
        await writeLocal(path, 'old');
        const {code, stderr} = await host.exec(['sh', '-c', WRITE_SCRIPT, 'sh', path, '0600', '100', ''], {stdin: 'cut off'});
        expect([code, stderr]).toEqual([1, `${path}: only 7 of 100 bytes arrived\n`]);
        expect(await readLocal(path, 'utf8')).toBe('old');
        expect(await readdir(directory)).toEqual(['file']);
      });

      real('fail with an error when they cannot be read or written', async () => {
        await expect(readFile(host, directory)).rejects.toBeInstanceOf(CommandError);
        await expect(writeFile(host, '/proc/hw5/x', 'x', {mode: 0o600})).rejects.toBeInstanceOf(CommandError);
        await expect(readFile(host, 'relative')).rejects.toBeInstanceOf(TypeError);
      });
    });
  });
}

/** The processes whose command line contains the text. */
async function running(host: Host, text: string): Promise<string[]> {
  const {stdout} = await host.exec(['ps', '-eo', 'pid=,args=']);
  return stdout.split('\n').filter((line) => line.includes(text) && !line.includes('ps -eo'));
}
