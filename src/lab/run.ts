import {spawn} from 'node:child_process';
import {CommandError, type ErrorDetails, Hw5Error, InterruptedError} from '../support/errors.js';

export interface RunOptions extends ErrorDetails {
  /** Standard input; secrets travel here, never in argv. Default: empty. */
  readonly stdin?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The signal that the command receives when `signal` is aborted. Default SIGTERM. */
  readonly killSignal?: 'SIGTERM' | 'SIGKILL' | undefined;
  /** The command's whole environment. Default: this process's. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Called with every line of standard output and standard error. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  /** Exit code; undefined when a signal terminated the command. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** The host's name in errors. */
const HERE = 'this host';

/**
 * Runs one command on the host; any exit code is a result, not an error.
 * @throws Hw5Error when the program is missing, InterruptedError when the signal terminated it
 */
export function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) throw new InterruptedError('interrupted');
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env ? {env: {...options.env}} : {}),
      ...(options.signal ? {signal: options.signal, killSignal: options.killSignal ?? 'SIGTERM'} : {}),
    });
    const output = {stdout: '', stderr: ''};
    for (const name of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        if (!options.onLine) return;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine(line);
      });
    }
    let interruption: Error | undefined;
    child.on('error', (cause) => {
      // The process may run a moment longer: reject only after it has exited, on 'close'.
      if (cause.name === 'AbortError') interruption = cause;
      else
        reject(
          new Hw5Error(`cannot run ${program} on ${HERE}`, {
            cause,
            hint: options.hint ?? 'run `hw5 lab up` to learn what is missing',
          }),
        );
    });
    child.on('close', (code) => {
      if (interruption) reject(new InterruptedError(`${program} was interrupted`, {cause: interruption}));
      else resolve({code: code ?? undefined, ...output});
    });
    // A command may exit without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/** Runs one command on the host that has to succeed. @returns its standard output. @throws CommandError */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(argv, options);
  if (result.code !== 0) throw new CommandError(HERE, argv, result, {hint: options.hint});
  return result.stdout;
}
