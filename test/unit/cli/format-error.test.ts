import {describe, expect, it} from 'vitest';
import {formatError} from '../../../src/cli/text/format-error.js';
import {CommandError, ConfigError, ConnectError, Hw5Error, Hw5Errors, StepError, UnitError} from '../../../src/support/errors.js';

const failed = (stderr: string, code: number | undefined = 1) =>
  new CommandError(
    'node2',
    ['systemctl', 'restart', 'hw5-etcd'],
    {code, stdout: '', stderr},
    {hint: 'see `journalctl -u hw5-etcd`'},
  );

describe('a formatted error', () => {
  it('of a file shows each mistake with its place and a hint', () => {
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

  it('that is the same for several hosts is shown once', () => {
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

  it('of a step shows step, host, command, stderr and hint', () => {
    const error = new StepError('etcd', 'node2', 'service did not start', {
      cause: failed('bind: address already in use\n'),
      hint: 'another process holds 2380; run `ss -ltnp` on node2',
    });
    expect(formatError(error)).toBe(`✗ etcd on node2: service did not start
  command  systemctl restart hw5-etcd   (exit 1)
  stderr   bind: address already in use
  hint     another process holds 2380; run \`ss -ltnp\` on node2`);
  });

  it('shows the journal of a unit that failed, once', () => {
    const cause = new UnitError('hw5-etcd.service fails each time it is started', {journal: ['one', 'two'], hint: 'look'});
    expect(formatError(new StepError('etcd', 'node2', cause.message, {cause}))).toBe(
      `✗ etcd on node2: hw5-etcd.service fails each time it is started
  journal  one
           two
  hint     look`,
    );
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

  it('quotes the command so that it can be pasted into a shell', () => {
    const error = new CommandError('n', ['sh', '-c', "echo 'a b'"], {code: undefined, stdout: '', stderr: ''});
    expect(formatError(error)).toBe(`✗ sh failed on n (exit by signal)
  command  sh -c 'echo '\\''a b'\\'''   (terminated by a signal)`);
  });

  it('shows the hint of its cause if it has none', () => {
    expect(formatError(new StepError('etcd', 'node2', 'failed', {cause: failed('')}))).toMatch(
      /hint {5}see `journalctl -u hw5-etcd`$/,
    );
  });

  it('lists the causes, except those whose message is already shown', () => {
    const reset = new Error('read ECONNRESET');
    const error = new StepError('docker', 'node1', 'cannot go on: connection lost', {
      cause: new ConnectError('node1', 'connection lost', {cause: reset}),
    });
    expect(formatError(error)).toBe(`✗ docker on node1: cannot go on: connection lost
  because  read ECONNRESET`);
  });

  it('terminates when the causes form a circle', () => {
    const error = new Hw5Error('a');
    error.cause = error;
    expect(formatError(error)).toBe('✗ a');
  });

  it('that is no Hw5Error is a bug, shown with its stack', () => {
    const text = formatError(new TypeError('x is not a function'));
    expect(text).toMatch(/^✗ a bug in hw5: x is not a function\n {2}hint {5}please report it/);
    expect(text).toContain('format-error.test.ts');
    expect(formatError('thrown text')).toContain('a bug in hw5: thrown text');
    expect(formatError(undefined)).toContain('a bug in hw5: undefined');
  });

  it('has no colours', () => {
    expect(formatError(failed('x'))).not.toContain('\u001b');
  });
});
