import type {Client, ClientChannel} from 'ssh2';
import {ConnectError} from '../support/errors.js';
import {pause} from '../support/pause.js';
import {attend} from './attend.js';
import {quoteAll, Secret} from './command.js';
import {Gate} from './gate.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {type CommandPlace, cancellable, endMarked, interrupted, marked} from './marked.js';
import {readPrivateFile} from './private-file.js';
import {openConnection, type SshOptions} from './ssh-client.js';
import {SudoHost, type SudoSettings} from './sudo.js';

export type {SshOptions} from './ssh-client.js';

/** Commands run at the same time over one connection: sshd's MaxSessions is 10, and two stay free for ending commands. */
const SESSIONS = 8;
/** So often in a row sshd may refuse a session although no other is open. */
const REFUSALS = 10;
const REFUSAL_PAUSE_MS = 100;

/** Opens one SSH connection to a node. @throws ConnectError with a hint, InterruptedError. */
export async function connectSsh(options: SshOptions): Promise<Host> {
  return new SshHost(options, await openConnection(options));
}

class SshHost implements Host {
  readonly name: string;
  readonly #options: SshOptions;
  readonly #client: Client;
  readonly #sessions = new Gate(SESSIONS);
  readonly #root: Host;
  /** Why the connection is gone. */
  #lost: ConnectError | undefined;

  constructor(options: SshOptions, client: Client) {
    const {name, ssh} = options.node;
    this.name = name;
    this.#options = options;
    this.#client = client;
    this.#root = ssh.user === 'root' ? this : new SudoHost(this, sudoSettings(options));
    const lose = (error?: Error) => {
      this.#lost ??= new ConnectError(name, `the connection to ${name} was lost${error ? `: ${error.message}` : ''}`, {
        hint: 'is the machine still up? hw5 can be started again: it goes on where it stopped',
        cause: error,
      });
    };
    client.on('error', lose).on('close', () => lose());
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const command = marked(argv, options);
    const what = {host: this.name, argv};
    const started = await this.#session(what, quoteAll(command.argv), options);
    try {
      return await cancellable(what, options, attendChannel(started, options), async () => {
        if (command.mark) await attendChannel(await this.#open(quoteAll(endMarked(command.mark))), {});
        started.channel.signal('TERM');
        started.channel.close();
      });
    } finally {
      this.#sessions.leave();
    }
  }

  asRoot(): Host {
    return this.#root;
  }

  async reconnect({timeoutMs}: {readonly timeoutMs?: number} = {}): Promise<Host> {
    const {node} = this.#options;
    if (timeoutMs === undefined) return connectSsh(this.#options);
    return connectSsh({...this.#options, node: {...node, ssh: {...node.ssh, connectTimeoutSeconds: timeoutMs / 1000}}});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost) return;
    this.#lost = new ConnectError(this.name, `the connection to ${this.name} was closed`);
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        this.#client.destroy();
        resolve();
      }, 2000);
      this.#client.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      this.#client.end();
    });
  }

  /** Waits for a place and starts the command. A server with a lower MaxSessions than usual is met with fewer places. */
  async #session(what: CommandPlace, command: string, {signal}: ExecOptions) {
    for (let attempt = 1; ; attempt++) {
      await this.#sessions.enter(signal).catch(() => {
        throw interrupted(what);
      });
      try {
        return await this.#open(command);
      } catch (error) {
        const isFull = error instanceof ChannelRefused && this.#sessions.inside > 1;
        if (isFull) this.#sessions.narrow(this.#sessions.inside - 1);
        this.#sessions.leave();
        if (isFull) continue;
        // sshd counts a session for a moment longer than we do
        if (!(error instanceof ChannelRefused) || attempt >= REFUSALS) throw error;
        await pause(REFUSAL_PAUSE_MS, signal).catch(() => {
          throw interrupted(what);
        });
      }
    }
  }

  #open(command: string): Promise<Started> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      try {
        this.#client.exec(command, (error, channel) => {
          if (!error) resolve({channel, exited: this.#exitOf(channel)});
          else
            reject(
              this.#lost ??
                new ChannelRefused(this.name, `sshd on ${this.name} starts no command: ${error.message}`, {cause: error}),
            );
        });
      } catch (error) {
        // ssh2 has seen the end of the connection and not told yet.
        reject(new ConnectError(this.name, `the connection to ${this.name} was lost`, {cause: error}));
      }
    });
  }

  /**
   * The exit code of a command that was just started. Has to be asked for inside exec's callback: the answer of a quick command stands in the
   * same packet as the word that it was started, and ssh2 tells both before a promise's next step runs.
   */
  #exitOf(channel: ClientChannel): Promise<number | undefined> {
    const exited = new Promise<number | undefined>((resolve, reject) => {
      let code: number | null | undefined;
      channel.on('exit', (exitCode: number | null) => {
        code = exitCode;
      });
      channel.on('close', () => {
        if (code !== undefined) resolve(code ?? undefined);
        else reject(this.#lost ?? new ConnectError(this.name, `${this.name} ended a command without saying how`));
      });
    });
    exited.catch(() => undefined);
    return exited;
  }
}

/** A command that runs. */
interface Started {
  readonly channel: ClientChannel;
  readonly exited: Promise<number | undefined>;
}

function attendChannel({channel, exited}: Started, options: ExecOptions): Promise<ExecResult> {
  return attend({stdin: channel, stdout: channel, stderr: channel.stderr}, exited, options);
}

/** The server opened no channel for a command. */
class ChannelRefused extends ConnectError {}

function sudoSettings({node: {name, ssh}, secret}: SshOptions): SudoSettings {
  const {user, sudoPasswordEnv: env, sudoPasswordFile: file} = ssh;
  return {
    user,
    password: async () => {
      if (file === undefined)
        return secret?.({kind: 'sudo-password', host: name, env, question: `Password of ${user}@${name} for sudo`});
      const content = await readPrivateFile('the file with the sudo password,', file);
      return new Secret(content.toString().replace(/\r?\n$/, ''));
    },
    passwordHint:
      env === undefined
        ? 'name a file (0600) in ssh.sudoPasswordFile or an environment variable in ssh.sudoPasswordEnv, or allow sudo without password'
        : `set the environment variable ${env}`,
  };
}
