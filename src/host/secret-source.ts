import type {Secret} from './command.js';

/** What the host layer asks for when a login or sudo needs it. It reads neither the environment nor the terminal itself. */
export interface SecretRequest {
  readonly kind: 'login-password' | 'sudo-password' | 'key-passphrase';
  /** The node, or the jump host. */
  readonly host: string;
  /** The environment variable that the configuration names for it, if any. */
  readonly env?: string | undefined;
  /** For a prompt, e.g. `Password of hw5@node0 for sudo`. */
  readonly question: string;
}

/** Gives the secret from the environment or a prompt; undefined when there is none to be had. */
export type SecretSource = (request: SecretRequest) => Promise<Secret | undefined>;
