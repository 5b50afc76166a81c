import {readFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {text} from 'node:stream/consumers';
import {run} from '../process.js';
import {calicoctl} from './calicoctl.js';
import type {Io} from './io.js';
import type {Version} from './version.js';

/** Runs calicoctl with this process's arguments, as one of its versions. */
export function runProgram(version: Version): void {
  const io: Io = {
    version,
    print: (output) => void process.stdout.write(output),
    printError: (output) => void process.stderr.write(output),
    env: process.env,
    run,
    isRoot: process.getuid?.() === 0,
    hostname: hostname(),
    async read(path) {
      if (path === '-') return text(process.stdin);
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };

  // A reader that closes the pipe, as in `calicoctl … | head -1`, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

  calicoctl(io, process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stdout.write(`Error executing command: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
