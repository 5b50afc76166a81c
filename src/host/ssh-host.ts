import {setTimeout as delay} from 'node:timers/promises';
import type {Client, ClientChannel} from 'ssh2';
import {ConnectError} from '../support/errors.js';
import {quoteAll, Secret} from './command.js';
import {pumpStreams} from './command-streams.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {readPrivateFile} from './private-file.js';
import {Semaphore} from './semaphore.js';
import {openConnection, type SshOptions} from './ssh-client.js';
import {SudoHost, type SudoSettings} from './sudo.js';
import {type CommandPlace, cancellable, interrupted, killTagged, tagCommand} from './tagged-command.js';

export type {SshOptions} from './ssh-client.js';

/** Commands that run concurrently over one connection: sshd's MaxSessions is 10, and two stay free for terminating commands. */
const SESSIONS = 8;
/** How often in a row sshd may reject a session although no other is open. */
const REJECTIONS = 10;
const REJECTION_PAUSE_MS = 100;

/** Opens one SSH connection to a node. @throws ConnectError with a hint, InterruptedError */
export async function connectSsh(options: SshOptions): Promise<Host> {
  return new SshHost(options, await openConnection(options));
}

class SshHost implements Host {
  readonly name: string;
  readonly #options: SshOptions;
  readonly #client: Client;
  readonly #sessions = new Semaphore(SESSIONS);
  readonly #root: Host;
  /** Why the connection was lost. */
  #lost: ConnectError | undefined;

  constructor(options: SshOptions, client: Client) {
    const {name, ssh} = options.node;
    this.name = name;
    this.#options = options;
    this.#client = client;
    this.#root = ssh.user === 'root' ? this : new SudoHost(this, sudoSettings(options));
    const lose = (error?: Error) => {
      this.#lost ??= new ConnectError(name, `the connection to ${name} was lost${error ? `: ${error.message}` : ''}`, {
        hint: 'check that the node is running, then run hw5 again: it continues where it stopped',
        cause: error,
      });
    };
    client.on('error', lose).on('close', () => lose());
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const command = tagCommand(argv, options);
    const what = {host: this.name, argv};
    const started = await this.#session(what, quoteAll(command.argv), options);
    try {
      return await cancellable(what, options, pumpChannel(started, options), async () => {
        // First the command itself, by the channel: it may be so new that it has no tag yet.
        started.channel.signal('TERM');
        if (command.tag) await pumpChannel(await this.#open(quoteAll(killTagged(command.tag))), {});
        started.channel.close();
      });
    } finally {
      this.#sessions.release();
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

  /** Waits until a session is free and starts the command. With a server whose MaxSessions is lower than usual, it uses fewer. */
  async #session(what: CommandPlace, command: string, {signal}: ExecOptions) {
    for (let attempt = 1; ; attempt++) {
      await this.#sessions.acquire(signal).catch(() => {
        throw interrupted(what);
      });
      try {
        return await this.#open(command);
      } catch (error) {
        const isFull = error instanceof ChannelRejected && this.#sessions.held > 1;
        if (isFull) this.#sessions.reduceTo(this.#sessions.held - 1);
        this.#sessions.release();
        if (isFull) continue;
        // sshd counts a closed session for a moment longer than hw5 does
        if (!(error instanceof ChannelRejected) || attempt >= REJECTIONS) throw error;
        await delay(REJECTION_PAUSE_MS, undefined, {signal}).catch(() => {
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
                new ChannelRejected(this.name, `sshd on ${this.name} did not start the command: ${error.message}`, {
                  cause: error,
                }),
            );
        });
      } catch (error) {
        // ssh2 has noticed the end of the connection but not emitted it yet.
        reject(new ConnectError(this.name, `the connection to ${this.name} was lost`, {cause: error}));
      }
    });
  }

  /**
   * The exit code of a command that was just started. Has to be called inside exec's callback: a quick command's exit status may be in the same packet as
   * the confirmation of its start, and ssh2 emits both before a promise continues.
   */
  #exitOf(channel: ClientChannel): Promise<number | undefined> {
    const exited = new Promise<number | undefined>((resolve, reject) => {
      let code: number | null | undefined;
      channel.on('exit', (exitCode: number | null) => {
        code = exitCode;
      });
      channel.on('close', () => {
        if (code !== undefined) resolve(code ?? undefined);
        else reject(this.#lost ?? new ConnectError(this.name, `${this.name} closed a command without an exit status`));
      });
    });
    exited.catch(() => undefined);
    return exited;
  }
}

/** A running command. */
interface Started {
  readonly channel: ClientChannel;
  readonly exited: Promise<number | undefined>;
}

function pumpChannel({channel, exited}: Started, options: ExecOptions): Promise<ExecResult> {
  return pumpStreams({stdin: channel, stdout: channel, stderr: channel.stderr}, exited, options);
}

/** The server opened no channel for a command. */
class ChannelRejected extends ConnectError {}

function sudoSettings({node: {name, ssh}, secret}: SshOptions): SudoSettings {
  const {user, sudoPasswordEnv: env, sudoPasswordFile: file} = ssh;
  return {
    user,
    password: async () => {
      if (file === undefined)
        return secret?.({kind: 'sudo-password', host: name, env, prompt: `Password of ${user}@${name} for sudo`});
      const content = await readPrivateFile('the sudo password file', file);
      return new Secret(content.toString().replace(/\r?\n$/, ''));
    },
    passwordHint:
      env === undefined
        ? 'set ssh.sudoPasswordFile to a file of mode 0600, or ssh.sudoPasswordEnv to the name of an environment variable; or allow sudo without a password'
        : `set the environment variable ${env}`,
  };
}
