import {once} from 'node:events';
import {PassThrough} from 'node:stream';
import chalk, {Chalk, chalkStderr} from 'chalk';
import {afterEach, describe, expect, it, vi} from 'vitest';
import type {CliContext} from '../../../src/cli/context.js';
import {jsonReporter} from '../../../src/cli/reporter/json.js';
import {plainReporter} from '../../../src/cli/reporter/plain.js';
import {reporter} from '../../../src/cli/reporter/reporter.js';
import {cut, ttyReporter} from '../../../src/cli/reporter/tty.js';
import {duration, sign, summary} from '../../../src/cli/reporter/words.js';
import type {Emit, RunEvent, StepOutcome} from '../../../src/engine/events.js';
import {CommandError, StepError} from '../../../src/support/errors.js';
import {checkJsonOutput} from '../../support/json-output.js';
import {Screen} from '../../support/screen.js';

const error = new StepError('docker', 'b', 'systemctl failed', {
  cause: new CommandError('b', ['systemctl', 'restart', 'docker'], {code: 1, stdout: '', stderr: 'no space'}),
  hint: 'make room',
});

const begin = (step: string, host: string): RunEvent => ({type: 'step-start', step, title: `the ${step}`, host});
const end = (step: string, host: string, outcome: StepOutcome, more: object = {}): RunEvent => ({
  type: 'step-end',
  step,
  title: `the ${step}`,
  host,
  outcome,
  elapsedMs: 1234,
  ...more,
});

/** The recorded events of a run on two hosts: etcd is changed on one, docker fails on the other. */
const RUN: readonly RunEvent[] = [
  {
    type: 'start',
    run: 'up',
    hosts: ['a', 'b'],
    steps: [
      {name: 'etcd', hosts: ['a', 'b']},
      {name: 'docker', hosts: ['a', 'b']},
      {name: 'tasks', hosts: ['a']},
    ],
  },
  {type: 'connected', host: 'a', elapsedMs: 12},
  {type: 'connected', host: 'b', elapsedMs: 1250},
  begin('etcd', 'a'),
  begin('etcd', 'b'),
  {type: 'action', step: 'etcd', host: 'a', action: 'systemctl restart etcd'},
  end('etcd', 'b', 'unchanged'),
  begin('docker', 'b'),
  {type: 'waiting', step: 'etcd', host: 'a', reason: 'a quorum'},
  end('etcd', 'a', 'changed'),
  end('docker', 'b', 'failed', {error}),
  begin('docker', 'a'),
  end('docker', 'a', 'unchanged'),
  end('tasks', 'a', 'blocked'),
  {type: 'end', changed: 1, unchanged: 2, failed: 1, blocked: 1, elapsedMs: 65_400},
];

const CUT_OFF: readonly RunEvent[] = [
  ...RUN.slice(0, 8),
  end('etcd', 'a', 'interrupted'),
  end('docker', 'b', 'interrupted'),
  {type: 'aborted', elapsedMs: 10},
];

function written(make: (out: PassThrough) => Emit, events = RUN): string[] {
  const out = new PassThrough();
  const emit = make(out);
  for (const event of events) emit(event);
  return String(out.read() ?? '')
    .trimEnd()
    .split('\n');
}

describe('plain output', () => {
  it('has one line per step and host, and a summary', () => {
    expect(written((out) => plainReporter(out, false))).toEqual([
      '· b the etcd: unchanged',
      '✓ a the etcd: changed (1.2 s)',
      '✗ b the docker: failed',
      '· a the docker: unchanged',
      '1 changed, 2 unchanged, 1 failed, 1 not started in 1 min 5 s',
    ]);
  });

  it('reports what is still running after ten seconds without a line, until the run ends', () => {
    vi.useFakeTimers();
    try {
      const out = new PassThrough();
      const emit = plainReporter(out, false);
      const lines = () =>
        String(out.read() ?? '')
          .split('\n')
          .slice(0, -1);
      emit(RUN[0]!);
      vi.advanceTimersByTime(9_000);
      expect(lines()).toEqual([]);
      vi.advanceTimersByTime(1_000);
      expect(lines()).toEqual(['  after 10.0 s: observing the hosts']);
      for (const event of [begin('etcd', 'a'), begin('etcd', 'b'), begin('docker', 'b')]) emit(event);
      vi.advanceTimersByTime(5_000);
      emit(end('etcd', 'b', 'unchanged'));
      expect(lines()).toEqual(['· b the etcd: unchanged']);
      vi.advanceTimersByTime(9_000);
      expect(lines()).toEqual([]);
      vi.advanceTimersByTime(11_000);
      expect(lines()).toEqual(['  after 25.0 s: the etcd (a), the docker (b)', '  after 35.0 s: the etcd (a), the docker (b)']);
      emit({type: 'waiting', step: 'etcd', host: 'a', reason: 'a quorum'});
      emit(begin('docker', 'a'));
      vi.advanceTimersByTime(10_000);
      expect(lines()).toEqual(['  after 45.0 s: the etcd (a waiting for a quorum), the docker (b, a)']);
      emit({type: 'asking', question: 'password?'});
      vi.advanceTimersByTime(60_000);
      expect(lines()).toEqual([]);
      emit({type: 'answered'});
      emit(CUT_OFF.at(-1)!);
      vi.advanceTimersByTime(60_000);
      expect(lines()).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  // with Node's timers: the fake ones fire after a refresh() even if they were cleared
  it('reports what is still running after a prompt, too', async () => {
    const out = new PassThrough();
    const emit = plainReporter(out, false, 20);
    for (const event of [RUN[0]!, begin('etcd', 'a'), {type: 'asking', question: 'password?'}, {type: 'answered'}] as const)
      emit(event);
    const [line] = await once(out, 'data', {signal: AbortSignal.timeout(5_000)});
    expect(String(line)).toMatch(/^ {2}after .*: the etcd \(a\)\n$/);
    emit(CUT_OFF.at(-1)!);
  });

  it('has every action with --verbose', () => {
    expect(written((out) => plainReporter(out, true)).slice(0, 5)).toEqual([
      '  a: connected (12 ms)',
      '  b: connected (1.3 s)',
      '  a: systemctl restart etcd',
      '· b the etcd: unchanged',
      '  a: waiting for a quorum',
    ]);
    expect(written((out) => plainReporter(out, true))).toContain('- a the tasks: blocked');
  });

  it('of an interrupted run has no summary', () => {
    expect(written((out) => plainReporter(out, false), CUT_OFF)).toEqual([
      '· b the etcd: unchanged',
      '! a the etcd: interrupted',
      '! b the docker: interrupted',
    ]);
  });
});

describe('JSON', () => {
  it('has one object per line: the events', () => {
    const lines = written(jsonReporter).map((line) => JSON.parse(line));
    expect(lines).toHaveLength(RUN.length);
    expect(lines[0]).toEqual(RUN[0]);
    expect(lines.at(-1)).toEqual(RUN.at(-1));
    for (const line of lines) checkJsonOutput(['up', '--json'], JSON.stringify(line));
  });

  it('has errors as a message and as a formatted text', () => {
    const failed = written(jsonReporter)
      .map((line) => JSON.parse(line))
      .find((event) => event.outcome === 'failed');
    expect(failed.error).toEqual({message: 'systemctl failed', text: expect.stringContaining('hint     make room')});
    expect(failed.error.text).toContain('no space');
  });
});

describe('a terminal', () => {
  /** The screen after these events; a listener receives each intermediate state. */
  function screenAfter(events: readonly RunEvent[], columns = 80, observe: (screen: Screen) => void = () => {}): Screen {
    const screen = new Screen(columns);
    const emit = ttyReporter(screen as unknown as NodeJS.WriteStream);
    for (const event of events) {
      emit(event);
      observe(screen);
    }
    return screen;
  }

  it('shows one line per step when all its hosts are done, and the summary', () => {
    const lines = screenAfter(RUN).plain.map((line) => line.replace(/ \d+ ms$/, ' TIME'));
    expect(lines).toEqual([
      '✓ the etcd: changed b unchanged, a TIME',
      '✗ the docker: failed b, a unchanged',
      '1 changed, 2 unchanged, 1 failed, 1 not started in 1 min 5 s',
    ]);
  });

  it('shows the unfinished steps of an interrupted run, and no spinner', () => {
    const lines = screenAfter(CUT_OFF).plain;
    expect(lines).toEqual(['! the etcd: interrupted b unchanged, a', '! the docker: interrupted b']);
  });

  it('shows no spinner during a prompt', () => {
    const before: RunEvent[] = [RUN[0]!, {type: 'waiting', step: 'lab', host: 'a', reason: 'another hw5'}];
    const asking: RunEvent = {type: 'asking', question: 'Password'};
    const screens: string[] = [];
    const screen = screenAfter([...before, asking, {type: 'answered'}], 80, (now) => screens.push(now.plain.join()));
    expect(screens.slice(2)).toEqual(['', expect.stringContaining('waiting for another hw5')]);
    screen.destroy();
    // without a spinner before the prompt there is none after it
    expect(screenAfter([asking, {type: 'answered'}]).plain).toEqual(['']);
  });

  it('shows nothing of a run that failed before its first step', () => {
    expect(screenAfter([RUN[0]!, {type: 'aborted', elapsedMs: 1}]).plain).toEqual(['']);
  });
});

describe('a line that is too long for the terminal', () => {
  it('is shortened to the width, including the ellipsis', () => {
    expect([cut('123456', 6), cut('1234567', 6), cut('', 6)]).toEqual(['123456', '12345…', '']);
  });

  it('does not count colour codes, and keeps those after the cut', () => {
    const dim = '\u001b[2mabcdef\u001b[22m';
    expect(cut(`12${dim}`, 8)).toBe(`12${dim}`);
    expect(cut(`12${dim}`, 6)).toBe('12\u001b[2mabc\u001b[22m…');
    expect(cut(`${dim}${dim}`, 4)).toBe('\u001b[2mabc\u001b[22m\u001b[2m\u001b[22m…');
  });

  it('is shortened to the same characters when chalk colours it', () => {
    const colours = new Chalk({level: 1});
    const text = `${colours.red('red')} and ${colours.bold.green('green')}`;
    expect(cut(text, 9).replaceAll(/\u001b\[\d+m/g, '')).toBe('red and …');
  });
});

describe('durations and summaries', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [59_900, '59.9 s'],
    [60_000, '1 min 0 s'],
    [3_599_600, '60 min 0 s'],
  ])('%d ms are %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it('a summary without failures does not mention them', () => {
    expect(summary({changed: 0, unchanged: 54, failed: 0, blocked: 0, elapsedMs: 340})).toBe('0 changed, 54 unchanged in 340 ms');
  });
});

describe('the colours of progress', () => {
  const levels = [chalk.level, chalkStderr.level] as const;
  afterEach(() => {
    [chalk.level, chalkStderr.level] = levels;
  });

  it('depend on standard error, where progress is printed, not on standard output', () => {
    [chalk.level, chalkStderr.level] = [1, 0];
    expect(sign('changed')).toBe('✓');
    expect(summary({changed: 0, unchanged: 1, failed: 1, blocked: 0, elapsedMs: 5})).not.toContain('\u001b');
    [chalk.level, chalkStderr.level] = [0, 1];
    expect(sign('changed')).toBe('\u001b[32m✓\u001b[39m');
  });
});

describe('spinners are shown', () => {
  /** The output of the first event, which starts the spinner. */
  function first(env: NodeJS.ProcessEnv, columns: number): string | undefined {
    const stderr = Object.assign(new PassThrough(), {isTTY: true, columns});
    const emit = reporter({}, {env, stderr} as unknown as CliContext);
    emit(end('etcd', 'b', 'unchanged'));
    return stderr.read()?.toString();
  }
  const plain = expect.stringContaining('b the etcd: unchanged\n');

  it('on a terminal', () => {
    expect(first({TERM: 'xterm'}, 80)).not.toEqual(plain);
  });

  it.each([
    ['does not know its size: with 0 columns the spinner would erase for ever', {}, 0],
    ['cannot overwrite', {TERM: 'dumb'}, 80],
    ['is a log of CI', {CI: 'true'}, 80],
  ])('but not if the terminal %s', (_what, env, columns) => {
    expect(first(env, columns)).toEqual(plain);
  });
});
