// node scripts/summary.mjs REPORT CODE: prints how long each phase and the slowest files took, which tests were skipped, and last
// `N passed, N failed`, from Vitest's JSON report and the file that HW5_TEST_PHASES names. Exits with 1 where a test failed.
// In CI a skipped test counts as failed: everything that a test can lack must be present there.
import {readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {labObstacle} from '../src/lab/possible.js';

const SLOWEST = 12;

/**
 * @param {{numPassedTests: number, numFailedTests: number, testResults: readonly any[]} | undefined} report Vitest's; undefined: it left none
 * @param {readonly {name?: string, file?: string, seconds: number}[]} phases
 * @param {{code: number, isCi: boolean, obstacle: string | undefined}} run Vitest's exit code, and why there is no lab
 * @returns {{lines: string[], exitCode: number}}
 */
export function summarize(report, phases, {code, isCi, obstacle}) {
  const lines = [
    ...table(
      'phase',
      phases.filter(({name}) => name !== undefined),
    ),
    ...slowest(phases),
  ];
  let passed = 0;
  let failed = 0;
  if (report) {
    passed = report.numPassedTests;
    failed = report.numFailedTests;
    const skipped = skippedPerFile(report.testResults);
    if (skipped.length > 0 && obstacle !== undefined) lines.push('', `no lab can be made here: ${obstacle}`);
    for (const {file, count} of skipped) lines.push(`skipped: ${file} (${count} ${count === 1 ? 'test' : 'tests'})`);
    if (isCi) failed += skipped.reduce((sum, {count}) => sum + count, 0);
    // a file that could not be loaded, or whose set-up failed, has no failed test to count
    for (const file of report.testResults)
      if (file.status === 'failed' && !file.assertionResults.some((/** @type {any} */ test) => test.status === 'failed'))
        failed += 1;
  } else {
    lines.push('Vitest left no report');
  }
  if (code !== 0 && failed === 0) failed = 1;
  lines.push('', `${passed} passed, ${failed} failed`);
  return {lines, exitCode: failed > 0 || passed === 0 ? 1 : 0};
}

/** @param {readonly any[]} files */
function skippedPerFile(files) {
  return files.flatMap(({name, assertionResults}) => {
    const count = assertionResults.filter((/** @type {any} */ test) => ['skipped', 'pending'].includes(test.status)).length;
    return count > 0 ? [{file: name.replace(`${process.cwd()}/`, ''), count}] : [];
  });
}

/** @param {readonly {name?: string, file?: string, seconds: number}[]} phases */
function slowest(phases) {
  const files = phases.filter(({file}) => file !== undefined).sort((one, other) => other.seconds - one.seconds);
  return table(
    'slowest files',
    files.slice(0, SLOWEST).map(({file, seconds}) => ({name: file, seconds})),
  );
}

/**
 * @param {string} title
 * @param {readonly {name?: string, seconds: number}[]} rows
 */
function table(title, rows) {
  if (rows.length === 0) return [];
  const width = Math.max(title.length, ...rows.map(({name}) => (name ?? '').length));
  return ['', title, ...rows.map(({name, seconds}) => `  ${(name ?? '').padEnd(width)} ${seconds.toFixed(1).padStart(7)} s`)];
}

/** @param {string | undefined} path */
function read(path) {
  try {
    return readFileSync(path ?? '', 'utf8');
  } catch {
    return '';
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [reportFile, code] = process.argv.slice(2);
  const text = read(reportFile);
  const phases = read(process.env.HW5_TEST_PHASES)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const {lines, exitCode} = summarize(text === '' ? undefined : JSON.parse(text), phases, {
    code: Number(code),
    isCi: Boolean(process.env.CI),
    obstacle: await labObstacle(),
  });
  console.log(lines.join('\n'));
  process.exitCode = exitCode;
}
