import {spawn} from 'node:child_process';

export interface ProcessResult {
  /** The exit code; 127 when the program could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program, without a shell. */
export type Run = (
  argv: readonly string[],
  options?: {readonly input?: string; readonly timeoutMs?: number},
) => Promise<ProcessResult>;

/** Runs `argv`; never rejects. After `timeoutMs` (default 20 s) the program is killed and the code is 124. */
export const run: Run = (argv, {input = '', timeoutMs = 20_000} = {}) =>
  new Promise((resolve) => {
    const [program = '', ...rest] = argv;
    const child = spawn(program, rest, {stdio: ['pipe', 'pipe', 'pipe']});
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const finish = (code: number, more = '') => {
      clearTimeout(timer);
      resolve({code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() + more});
    };
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {}); // the program may exit without reading its input
    child.on('error', (error) => finish(127, error.message));
    child.on('close', (code, signal) => {
      if (isTimedOut) finish(124, `${program} did not exit within ${timeoutMs} ms`);
      else finish(code ?? 1, signal === null ? '' : `terminated by ${signal}`);
    });
    child.stdin.end(input);
  });

/** Runs `argv` and returns its standard output. @throws Error with the program's standard error if it fails */
export async function runOrThrow(runner: Run, argv: readonly string[], input = ''): Promise<string> {
  const result = await runner(argv, {input});
  if (result.code !== 0) throw new Error(`${argv.slice(0, 4).join(' ')}: ${result.stderr.trim() || `exit ${result.code}`}`);
  return result.stdout;
}
