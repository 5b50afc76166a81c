import {describe, expect, it} from 'vitest';
import {formatError} from '../../../src/cli/text/format-error.js';
import {CommandError, ConfigError, ConnectError, Hw5Error, Hw5Errors, StepError} from '../../../src/support/errors.js';

const failed = (stderr: string, code: number | undefined = 1) =>
  new CommandError(
    'node2',
    ['systemctl', 'restart', 'hw5-etcd'],
    {code, stdout: '', stderr},
    {hint: 'see `journalctl -u hw5-etcd`'},
  );

describe('an error as text', () => {
  it('of a file says where and how to mend it, for each fault', () => {
    const error = new Hw5Errors([
      new ConfigError(
        'nodes[1].adress: unknown key',
        {file: 'cluster.yaml', line: 7, column: 5, path: 'nodes[1].adress'},
        {hint: 'did you mean `address`?'},
      ),
      new ConfigError('there is no such file', {file: 'x.yaml'}),
    ]);
    expect(formatError(error)).toBe(`✗ nodes[1].adress: unknown key
  where    cluster.yaml:7:5
  hint     did you mean \`address\`?
✗ there is no such file
  where    x.yaml`);
  });

  it('that is the same for several hosts is said once', () => {
    const broken = (host: string, file: string) => new ConnectError(host, `the key file ${file} holds a public key`);
    expect(formatError(new Hw5Errors([broken('node0', 'a'), broken('node1', 'a'), broken('node2', 'b')]))).toBe(
      '✗ the key file a holds a public key\n✗ the key file b holds a public key',
    );
  });

  it('puts the YAML path in front of a message that lacks it', () => {
    expect(formatError(new ConfigError('is empty', {file: 'a.json', path: 'tasks[0]'}))).toBe(
      '✗ tasks[0]: is empty\n  where    a.json',
    );
  });

  it('of a step names step and host, what was run, its last words and the hint', () => {
    const error = new StepError('etcd', 'node2', 'service did not start', {
      cause: failed('bind: address already in use\n'),
      hint: 'another process holds 2380; run `ss -ltnp` on node2',
    });
    expect(formatError(error)).toBe(`✗ etcd on node2: service did not start
  command  systemctl restart hw5-etcd   (exit 1)
  stderr   bind: address already in use
  hint     another process holds 2380; run \`ss -ltnp\` on node2`);
  });

  it('does not name step and host twice', () => {
    expect(formatError(new StepError('etcd', 'node2', 'etcd on node2: broken'))).toBe('✗ etcd on node2: broken');
  });

  it('shows the end of a long stderr only, with its lines under one another', () => {
    const text = formatError(failed(`${Array.from({length: 20}, (_, index) => `line ${index}`).join('\n')}\n\n`));
    expect(text.split('\n').slice(2, -1)).toEqual([
      '  stderr   line 15',
      '           line 16',
      '           line 17',
      '           line 18',
      '           line 19',
    ]);
  });

  it('quotes the command as one would have to type it', () => {
    const error = new CommandError('n', ['sh', '-c', "echo 'a b'"], {code: undefined, stdout: '', stderr: ''});
    expect(formatError(error)).toBe(`✗ sh failed on n (exit by signal)
  command  sh -c 'echo '\\''a b'\\'''   (ended by a signal)`);
  });

  it('takes the hint of the cause when it has none of its own', () => {
    expect(formatError(new StepError('etcd', 'node2', 'failed', {cause: failed('')}))).toMatch(
      /hint {5}see `journalctl -u hw5-etcd`$/,
    );
  });

  it('names the causes, one below the other, but not what was said already', () => {
    const reset = new Error('read ECONNRESET');
    const error = new StepError('docker', 'node1', 'cannot go on: connection lost', {
      cause: new ConnectError('node1', 'connection lost', {cause: reset}),
    });
    expect(formatError(error)).toBe(`✗ docker on node1: cannot go on: connection lost
  because  read ECONNRESET`);
  });

  it('ends with causes that go in a circle', () => {
    const error = new Hw5Error('a');
    error.cause = error;
    expect(formatError(error)).toBe('✗ a');
  });

  it('that is not ours is a bug and keeps its stack', () => {
    const text = formatError(new TypeError('x is not a function'));
    expect(text).toMatch(/^✗ a bug of hw5: x is not a function\n {2}hint {5}please report it/);
    expect(text).toContain('format-error.test.ts');
    expect(formatError('thrown text')).toContain('a bug of hw5: thrown text');
    expect(formatError(undefined)).toContain('a bug of hw5: undefined');
  });

  it('has no colours', () => {
    expect(formatError(failed('x'))).not.toContain('\u001b');
  });
});
