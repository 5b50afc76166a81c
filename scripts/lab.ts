// Until src/cli/main.ts exists: npx tsx scripts/lab.ts up --name x --subnet 198.18.0.32/27
import {labCommand} from '../src/cli/lab.js';

const started = performance.now();
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const log = (line: string): void => console.error(`${((performance.now() - started) / 1000).toFixed(2)} ${line}`);
await labCommand({
  signal: controller.signal,
  report: log,
  print: (line) => console.log(line),
  exitWith: (code) => (process.exitCode = code),
})
  .parseAsync()
  .catch((error: Error & {hint?: string; stderr?: string}) => {
    console.error(error.message, error.stderr ?? '', error.hint ?? '', error.stack);
    process.exitCode = 1;
  });
