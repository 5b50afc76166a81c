import {chmod, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readRun, reasonIn} from '../../../src/engine/unit-failure.js';
import {waitFor} from '../../../src/engine/wait.js';
import type {ExecOptions, Host} from '../../../src/host/host.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {Hw5Error, TimeoutError, UnitError} from '../../../src/support/errors.js';

const UNIT = 'hw5-mesos-agent.service';
const JOURNAL = `Started ${UNIT} - Mesos agent of cluster lab (hw5).
Failed to create docker: Cannot connect to the Docker daemon
${UNIT}: Main process exited, code=exited, status=1/FAILURE
`;

/** This machine with another systemctl and journalctl. */
class HostWithUnit extends LocalHost {
  readonly #directory: string;

  constructor(directory: string) {
    super();
    this.#directory = directory;
  }

  override exec(argv: readonly string[], options: ExecOptions = {}) {
    return super.exec(argv, {...options, stdin: `PATH=${this.#directory}:$PATH\n${String(options.stdin)}`});
  }
}

let directory: string;
let host: Host;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-unit-'));
  host = new HostWithUnit(directory);
  const programs = {
    systemctl: `echo "$*" >>${directory}/calls; case $* in *InvocationID*) echo feed ;; *--value*) echo running ;; *) cat ${directory}/unit ;; esac`,
    journalctl: `cat ${directory}/journal`,
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(directory, name), 0o755);
  }
  await writeFile(join(directory, 'journal'), JOURNAL);
});
afterEach(() => rm(directory, {recursive: true}));

interface UnitNow {
  readonly state: string;
  readonly restarts?: number;
  /** When its last run began and ended, and when the unit ended: seconds. */
  readonly times?: readonly [number, number, number];
}

/** The error of a wait for what never happens, while the unit is in this state. */
async function errorOf({state, restarts = 0, times = [0, 0, 0]}: UnitNow, more = {}): Promise<Hw5Error> {
  const [active, sub] = state.split('/');
  const [began, ended, over] = times.map((seconds) => seconds * 1_000_000);
  await writeFile(
    join(directory, 'unit'),
    `NRestarts=${restarts}\nActiveState=${active}\nSubState=${sub}
ActiveEnterTimestampMonotonic=${began}\nActiveExitTimestampMonotonic=${ended}\nInactiveEnterTimestampMonotonic=${over}\n`,
  );
  const wait = {
    reason: 'the agent to answer',
    script: 'echo no answer; exit 1',
    limitSeconds: 0,
    hint: 'see the journal',
    ...more,
  };
  return waitFor(host, wait, undefined, [UNIT]).then(
    () => new Hw5Error('no error'),
    (error) => error,
  );
}

const FAILING: UnitNow = {state: 'activating/auto-restart', restarts: 4, times: [100, 101, 101]};

describe('a wait for a unit', () => {
  it.each<[string, UnitNow]>([
    ['systemd has given it up', {state: 'failed/failed'}],
    ['it has failed five times in a row', FAILING],
    ['systemd pauses before it starts it again', {...FAILING, state: 'activating/start-pre', restarts: 9}],
    ['what precedes the program fails, whatever an earlier run was', {...FAILING, times: [100, 200, 230]}],
  ])('ends when %s', async (_, unit) => {
    const error = await errorOf(unit, {limitSeconds: 60});
    expect(error).toBeInstanceOf(UnitError);
    expect(error).toMatchObject({
      message: `${UNIT} fails each time it is started (status=1/FAILURE); the agent to answer was waited for`,
      journal: ['Failed to create docker: Cannot connect to the Docker daemon'],
      hint: 'see the journal',
    });
  });

  it('ends, too, where its output is parsed on the controller', async () => {
    const missing = () => 'all';
    expect(await errorOf(FAILING, {missing, limitSeconds: 60})).toBeInstanceOf(UnitError);
  });

  it('ends with the failure of the unit, too, when its journal cannot be read', async () => {
    const exec = host.exec.bind(host);
    host.exec = async (argv, options = {}) => {
      if (String(options.stdin).includes('journalctl')) throw new TimeoutError('no end within 20 s');
      return exec(argv, options);
    };
    expect(await errorOf(FAILING, {limitSeconds: 60})).toMatchObject({
      message: `${UNIT} fails each time it is started; the agent to answer was waited for`,
      journal: [],
    });
  });

  it.each<[string, UnitNow]>([
    ['has failed a few times: there may be a good reason', {...FAILING, restarts: 3}],
    ['failed before, and runs', {...FAILING, state: 'active/running', restarts: 9}],
    ['is still starting', {...FAILING, state: 'activating/start', restarts: 9}],
    ['has failed for the first time after a good run', {...FAILING, restarts: 9, times: [100, 110, 110]}],
    ['does not exist', {state: 'inactive/dead'}],
  ])('goes on until its limit while the unit %s', async (_, unit) => {
    expect(await errorOf(unit)).toMatchObject({
      message: 'waited 0 s for the agent to answer: no answer',
      journal: ['Failed to create docker: Cannot connect to the Docker daemon'],
    });
  });

  it('does not ask systemd when what it waits for is so immediately', async () => {
    await waitFor(host, {reason: 'nothing', script: 'true', limitSeconds: 60}, undefined, [UNIT]);
    await expect(readFile(join(directory, 'calls'))).rejects.toThrow('ENOENT');
  });
});

describe("the lines of a unit's last run", () => {
  const lines = (text: string) => readRun(UNIT, text).lines;

  it("are the program's own, without the unit's name", () => {
    const text = `Starting ${UNIT} - Mesos agent...\nError: No such container: hw5-mesos-agent\n${UNIT}: Failed to locate executable /usr/bin/mesos-agent: No such file or directory
${UNIT}: Main process exited, code=exited, status=203/EXEC\n${UNIT}: Failed with result 'exit-code'.\n`;
    expect(readRun(UNIT, text)).toEqual({
      end: 'status=203/EXEC',
      lines: ['Failed to locate executable /usr/bin/mesos-agent: No such file or directory'],
    });
  });

  it('are not what systemd prints about processes that the run before has left, in two lines', () => {
    const text = `${UNIT}: Found left-over process 4711 (mesos-docker-ex) in control group while starting unit. Ignoring.
This usually indicates unclean termination of a previous run, or service implementation deficiencies.
cannot reach dockerd`;
    expect(lines(text)).toEqual(['cannot reach dockerd']);
  });

  it('contain an error that a description of all options follows', () => {
    const usage = Array.from(
      {length: 20},
      (_, index) => `  --option${index}=VALUE       Fails if it is unknown\n${' '.repeat(40)}more`,
    );
    expect(lines(["Failed to load unknown flag 'wrong'", '', 'Usage: mesos-agent [...]', ...usage].join('\n'))).toEqual([
      "Failed to load unknown flag 'wrong'",
      'Usage: mesos-agent [...]',
    ]);
  });

  it('contain the error above a stack, and the last lines', () => {
    const start = Array.from({length: 9}, (_, index) => `I1128 starting ${index}`);
    const stack = Array.from({length: 9}, (_, index) => `    at doListen (node:net:${index})`);
    expect(lines([...start, 'Error: listen EADDRINUSE: address already in use', ...stack].join('\n'))).toEqual([
      'Error: listen EADDRINUSE: address already in use',
      '…',
      ...stack.slice(-3),
    ]);
  });

  it('contain one that tells most: the error, and not the source that Node prints before it', () => {
    const printed = [
      'node:internal/errors:496',
      '    ErrorCaptureStackTrace(err);',
      '    ^',
      'Error: listen EADDRINUSE',
      '    at x (node:net:1)',
    ];
    expect(reasonIn(printed)).toBe('Error: listen EADDRINUSE');
    expect(reasonIn(['bye'])).toBe('bye');
    expect(reasonIn([])).toBeUndefined();
  });

  it('contain no secret', () => {
    const text = 'started with --secret=abc, TOKEN="def" and {"password": "ghi"}';
    expect(lines(text)).toEqual(['started with --secret=***, TOKEN="***" and {"password": "***"}']);
  });
});

describe('the hint for a unit that failed', () => {
  it.each([
    [
      'mesos-agent: error while loading shared libraries: libsvn_delta-1.so.1: cannot open shared object file',
      /install the library libsvn_delta-1.so.1/,
    ],
    ['Error: listen EADDRINUSE: address already in use 198.18.0.10:5050', /another process holds the port: `ss -ltnp` on /],
    [`${UNIT}: Main process exited, code=exited, status=203/EXEC`, /the program is missing on /],
  ])('after "%s" says what to do', async (line, hint) => {
    await writeFile(join(directory, 'journal'), `${line}\n`);
    expect((await errorOf(FAILING)).hint).toMatch(hint);
  });
});
