import {execFileSync} from 'node:child_process';
import {inspect} from 'node:util';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {quoteAll, run, Secret, script} from '../../../src/host/command.js';
import {CommandError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';

describe('quoteAll', () => {
  it('leaves arguments without special characters as they are', () => {
    expect(quoteAll(['systemctl', 'restart', 'hw5-etcd.service', '--x=/a/b:1,2', '50%'])).toBe(
      'systemctl restart hw5-etcd.service --x=/a/b:1,2 50%',
    );
  });

  it('makes a shell see exactly the arguments', () => {
    const argument = fc
      .string({unit: fc.constantFrom(...'ab \'"$`\\!*?[]{}()<>|&;#~=%^\n\t-é')})
      .map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(fc.array(argument, {maxLength: 5}), (argv) => {
        const printed = execFileSync('sh', ['-c', `for a in ${quoteAll(argv)}; do printf '%s\\0' "$a"; done`], {
          encoding: 'utf8',
        });
        expect(printed.split('\0').slice(0, -1)).toEqual(argv);
      }),
      {numRuns: 60},
    );
  });
});

describe('Secret', () => {
  it('prints as *** in every string conversion', () => {
    const secret = new Secret('hunter2');
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({secret}),
      inspect({deep: {secret}}, {showHidden: true}),
      `a${secret}b`,
    ];
    expect(shown.join('\n')).not.toContain('hunter2');
    expect(JSON.stringify(secret)).toBe('"***"');
  });

  it('returns its value from reveal only', () => {
    expect(new Secret('hunter2').reveal()).toBe('hunter2');
  });
});

describe('run', () => {
  it('returns the result of a command that succeeds', async () => {
    expect((await run(new FakeHost().on(['true'], 'fine'), ['true'])).stdout).toBe('fine');
  });

  it('fails with the whole error output and the hint', async () => {
    const host = new FakeHost('node2').on(['systemctl', 'start', 'x'], {code: 5, stdout: 'o', stderr: 'line 1\nline 2\n'});
    const error = await run(host, ['systemctl', 'start', 'x'], {hint: 'see the log'}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({
      host: 'node2',
      argv: ['systemctl', 'start', 'x'],
      code: 5,
      stdout: 'o',
      stderr: 'line 1\nline 2\n',
      hint: 'see the log',
    });
  });
});

it('sends a script over standard input, not in argv', async () => {
  const host = new FakeHost().on(['sh', '-s']);
  await script(host, 'echo secret');
  expect(host.calls[0]!.stdin.toString()).toBe('echo secret');
});
