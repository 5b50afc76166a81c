import {Readable} from 'node:stream';
import {isDeepStrictEqual} from 'node:util';
import {HELD_SCRIPT} from '../../src/engine/held-host.js';
import {MISSING, READ_SCRIPT, WRITE_SCRIPT} from '../../src/host/files.js';
import type {ExecOptions, ExecResult, Host} from '../../src/host/host.js';
import {cancellable} from '../../src/host/tagged-command.js';

/** A command that was run on a FakeHost. */
export interface FakeCall {
  readonly argv: readonly string[];
  /** Its whole standard input. */
  readonly stdin: Buffer;
  readonly asRoot: boolean;
}

export interface FakeFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly owner: string;
}

/** The result of a command: a string is its standard output, an Error is thrown; the default is exit code 0 without output. */
export type FakeReply =
  | string
  | Error
  | {readonly code?: number | undefined; readonly stdout?: string | Buffer; readonly stderr?: string};

/** Selects commands: by the exact argv, by a regular expression for the argv joined with spaces, or by a function. */
export type FakeMatch = readonly string[] | RegExp | ((call: FakeCall) => boolean);
export type FakeAnswer = FakeReply | ((call: FakeCall) => FakeReply | Promise<FakeReply>);

/** An interactive command, which writes output while its input is still open. */
export type FakeDialog = (stdin: AsyncIterable<unknown>, print: (text: string) => void) => Promise<FakeReply>;

interface Shared {
  readonly dialogs: {readonly match: FakeMatch; readonly dialog: FakeDialog}[];
  readonly calls: FakeCall[];
  readonly files: Map<string, FakeFile>;
  readonly unscripted: string[];
  readonly rules: {readonly match: FakeMatch; readonly answers: FakeAnswer[]}[];
  readonly absent: Set<string>;
  readonly reconnects: (Host | Error)[];
  isLockLost: boolean;
}

/**
 * A host with scripted results. An unscripted command fails, and the host's disposal fails again, in case the first error was swallowed. `readFile`,
 * `writeFile` and `upload` of src/host/files.ts work on `files`.
 */
export class FakeHost implements Host {
  readonly name: string;
  readonly #asRoot: boolean;
  readonly #shared: Shared;

  constructor(name = 'fake', view?: {readonly asRoot: boolean; readonly shared: Shared}) {
    this.name = name;
    this.#asRoot = view?.asRoot ?? false;
    this.#shared = view?.shared ?? {
      calls: [],
      dialogs: [],
      files: new Map(),
      unscripted: [],
      rules: [],
      absent: new Set(),
      reconnects: [],
      isLockLost: false,
    };
  }

  /** All commands so far, in order, without those that read and write files (see `files`). */
  get calls(): readonly FakeCall[] {
    return this.#shared.calls;
  }

  /** The commands so far as strings; those run as root have the prefix `# `. */
  get commands(): string[] {
    return this.calls.map((call) => `${call.asRoot ? '# ' : ''}${call.argv.join(' ')}`);
  }

  get files(): Map<string, FakeFile> {
    return this.#shared.files;
  }

  /** Scripts a command: it returns the results in order, and the last one repeatedly. The newest rule that matches takes precedence. */
  on(match: FakeMatch, ...answers: readonly FakeAnswer[]): this {
    this.#shared.rules.unshift({match, answers: answers.length === 0 ? [''] : [...answers]});
    return this;
  }

  /** Scripts a command that writes output before its input has ended, as one that holds a lock does. */
  onDialog(match: FakeMatch, dialog: FakeDialog): this {
    this.#shared.dialogs.unshift({match, dialog});
    return this;
  }

  /** Puts a file on the host. */
  withFile(path: string, content: string | Buffer, {mode = 0o644, owner = ''}: {mode?: number; owner?: string} = {}): this {
    this.files.set(path, {content: Buffer.from(content), mode, owner});
    return this;
  }

  /** Scripts that the file does not exist: `readFile` returns undefined. */
  withoutFile(path: string): this {
    this.#shared.absent.add(path);
    return this;
  }

  /** Scripts the results of `reconnect()`, in order: hosts, or errors to throw. */
  onReconnect(...results: readonly (Host | Error)[]): this {
    this.#shared.reconnects.push(...results);
    return this;
  }

  /** Whether a run that held the lock has lost it. */
  get isLockLost(): boolean {
    return this.#shared.isLockLost;
  }

  set isLockLost(isLost: boolean) {
    this.#shared.isLockLost = isLost;
  }

  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const isHeld = command[2] === HELD_SCRIPT;
    if (isHeld && this.isLockLost) return {code: 76, stdout: '', stderr: ''};
    const argv = isHeld ? command.slice(6) : command;
    const reply = await cancellable(
      {host: this.name, argv},
      options,
      this.#dialog(argv, options) ?? this.#afterInput(argv, options),
      async () => {},
    );
    if (reply instanceof Error) throw reply;
    const {code, stdout = '', stderr = ''} = typeof reply === 'string' ? {code: 0, stdout: reply} : {code: 0, ...reply};
    return {code, stdout: await output(stdout, options.onStdout), stderr: await output(stderr, options.onStderr)};
  }

  asRoot(): Host {
    return this.#asRoot ? this : new FakeHost(this.name, {asRoot: true, shared: this.#shared});
  }

  async reconnect(): Promise<Host> {
    const next = this.#shared.reconnects.shift();
    if (next === undefined) throw this.#fail('reconnect()');
    if (next instanceof Error) throw next;
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const {unscripted} = this.#shared;
    if (unscripted.length > 0) throw new Error(`unscripted on ${this.name}:\n${unscripted.join('\n')}`);
  }

  #dialog(argv: readonly string[], {stdin, onStdout}: ExecOptions): Promise<FakeReply> | undefined {
    const call: FakeCall = {argv: [...argv], stdin: Buffer.alloc(0), asRoot: this.#asRoot};
    const found = this.#shared.dialogs.find(({match}) => fits(match, call));
    if (!found) return undefined;
    this.#shared.calls.push(call);
    const input: AsyncIterable<unknown> =
      stdin && typeof stdin === 'object' && !Buffer.isBuffer(stdin) ? stdin : Readable.from([]);
    return found.dialog(input, (text) => void onStdout?.(Buffer.from(text)));
  }

  async #afterInput(argv: readonly string[], options: ExecOptions): Promise<FakeReply> {
    return this.#reply({argv: [...argv], stdin: await readAll(options.stdin), asRoot: this.#asRoot});
  }

  async #reply(call: FakeCall): Promise<FakeReply> {
    const file = this.#file(call);
    if (file !== undefined) return file;
    this.#shared.calls.push(call);
    const rule = this.#shared.rules.find(({match}) => fits(match, call));
    const answer = rule && (rule.answers.length > 1 ? rule.answers.shift() : rule.answers[0]);
    if (answer === undefined) throw this.#fail(`${call.asRoot ? '# ' : ''}${JSON.stringify(call.argv)}`);
    return typeof answer === 'function' ? answer(call) : answer;
  }

  #file({argv, stdin}: FakeCall): FakeReply | undefined {
    const [, , script, , path = '', mode = '', size, owner = ''] = argv;
    const {files, absent} = this.#shared;
    if (script === WRITE_SCRIPT) {
      if (stdin.length !== Number(size)) return {code: 1, stderr: `${path}: only ${stdin.length} of ${size} bytes arrived`};
      files.set(path, {content: stdin, mode: Number.parseInt(mode, 8), owner});
      return {};
    }
    if (script !== READ_SCRIPT) return undefined;
    const file = files.get(path);
    if (file) return {stdout: file.content};
    if (absent.has(path)) return {code: MISSING};
    throw this.#fail(`reading ${path} (use withFile or withoutFile)`);
  }

  #fail(what: string): Error {
    this.#shared.unscripted.push(what);
    return new Error(`unscripted on ${this.name}: ${what}`);
  }
}

function fits(match: FakeMatch, call: FakeCall): boolean {
  if (match instanceof RegExp) return match.test(call.argv.join(' '));
  if (typeof match === 'function') return match(call);
  return isDeepStrictEqual(match, call.argv);
}

async function readAll(input: ExecOptions['stdin']): Promise<Buffer> {
  if (input === undefined) return Buffer.alloc(0);
  if (typeof input === 'string' || Buffer.isBuffer(input)) return Buffer.from(input);
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function output(text: string | Buffer, listener: ExecOptions['onStdout']): Promise<string> {
  if (!listener) return text.toString();
  if (text.length > 0) await listener(Buffer.from(text));
  return '';
}
