// node scripts/summary.mjs REPORT CODE: prints `N passed, N failed` from Vitest's JSON report and ends with its exit code.
// In CI a skipped test is a failed one: there is nothing it could rightly be missing there.
import {readFileSync} from 'node:fs';

const [report, code] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed = result.numPassedTests;
  failed = result.numFailedTests;
  const skipped = result.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status === 'skipped' || test.status === 'pending'),
  );
  for (const test of skipped) console.log(`skipped: ${test.fullName}`);
  if (process.env.CI) failed += skipped.length;
  // a file that could not be loaded, or whose set-up failed, has no tests to count
  for (const file of result.testResults)
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) failed += 1;
} catch {
  console.log('Vitest left no report');
}
if (Number(code) !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
