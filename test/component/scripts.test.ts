import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {packageFile} from '../../src/support/template.js';

describe('scripts/summary.mjs', () => {
  let work: string;
  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'hw5-summary-'));
  });
  afterEach(() => rm(work, {recursive: true, force: true}));

  const test = (status: string) => ({status, fullName: `a ${status} test`});
  const file = (name: string, ...statuses: string[]) => ({
    name: packageFile(name),
    status: statuses.includes('failed') ? 'failed' : 'passed',
    assertionResults: statuses.map(test),
  });

  async function summarize(testResults: readonly object[], {code = 0, env = {}, phases = ''} = {}) {
    const statuses = testResults.flatMap((each) => (each as ReturnType<typeof file>).assertionResults);
    const count = (status: string) => statuses.filter((one) => one.status === status).length;
    await writeFile(
      join(work, 'report'),
      JSON.stringify({numPassedTests: count('passed'), numFailedTests: count('failed'), testResults}),
    );
    await writeFile(join(work, 'phases'), phases);
    const {stdout, exitCode} = await execa(
      process.execPath,
      [packageFile('scripts/summary.mjs'), join(work, 'report'), `${code}`],
      {
        reject: false,
        env: {CI: '', HW5_TEST_PHASES: join(work, 'phases'), ...env},
        cwd: packageFile('.'),
      },
    );
    return {lines: stdout.split('\n'), exitCode};
  }

  it('prints the phases in their order, the slowest files first, and the counts last', async () => {
    const phases = [
      {name: 'build', seconds: 3.21},
      {file: 'test/unit/a.test.ts', project: 'unit', seconds: 1},
      {name: 'unit tests', seconds: 40},
      {file: 'test/unit/b.test.ts', project: 'unit', seconds: 2},
    ];
    const {lines, exitCode} = await summarize([file('test/unit/a.test.ts', 'passed', 'passed')], {
      phases: phases.map((line) => JSON.stringify(line)).join('\n'),
    });
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '',
      'phase',
      'build 3.2 s',
      'unit tests 40.0 s',
      '',
      'slowest files',
      'test/unit/b.test.ts 2.0 s',
      'test/unit/a.test.ts 1.0 s',
      '',
      '2 passed, 0 failed',
    ]);
    expect(exitCode).toBe(0);
  });

  it('names files with skipped tests, which are failures in CI only', async () => {
    const results = [file('test/unit/a.test.ts', 'passed'), file('test/integration/b.test.ts', 'skipped', 'pending')];
    const alone = await summarize(results);
    expect(alone.lines).toContain('skipped: test/integration/b.test.ts (2 tests)');
    expect(alone).toMatchObject({exitCode: 0, lines: expect.arrayContaining(['1 passed, 0 failed'])});
    const inCi = await summarize(results, {env: {CI: 'true'}});
    expect(inCi).toMatchObject({exitCode: 1, lines: expect.arrayContaining(['1 passed, 2 failed'])});
  });

  it('counts a failed test, a file that could not be loaded, a failed check and a missing report', async () => {
    const last = async (...of: Parameters<typeof summarize>) => {
      const {lines, exitCode} = await summarize(...of);
      return `${lines.at(-1)}, exit ${exitCode}`;
    };
    expect(await last([file('a', 'passed', 'failed')], {code: 1})).toBe('1 passed, 1 failed, exit 1');
    expect(await last([file('a', 'passed'), {...file('b'), status: 'failed'}], {code: 1})).toBe('1 passed, 1 failed, exit 1');
    expect(await last([file('a', 'passed')], {code: 1})).toBe('1 passed, 1 failed, exit 1');
    expect(await last([])).toBe('0 passed, 0 failed, exit 1');
    const {stdout} = await execa(process.execPath, [packageFile('scripts/summary.mjs'), join(work, 'none'), '1'], {
      reject: false,
      env: {HW5_TEST_PHASES: ''},
    });
    expect(stdout).toMatch(/Vitest left no report\n\n0 passed, 1 failed$/);
  });
});

describe.runIf(process.getuid?.() === 0)('where no lab can be made', () => {
  const demo = packageFile('scripts/demo.sh');

  it.each([
    ['another user than root', ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'], 'a lab needs root'],
    ['root without CAP_SYS_ADMIN', ['setpriv', '--bounding-set=-sys_admin'], 'a lab needs CAP_SYS_ADMIN'],
  ])('the demo prints why and changes nothing: %s', async (_, restrict, reason) => {
    const started = performance.now();
    const {exitCode, stdout, stderr} = await execa(restrict[0]!, [...restrict.slice(1), 'bash', demo], {reject: false});
    expect(stderr).toContain(`the demo cannot run here: ${reason}`);
    expect({exitCode, stdout}).toEqual({exitCode: 1, stdout: ''});
    // one second on a computer that does nothing else
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
