import type {Secret} from './command.js';

/** What the host layer requests when a login or sudo needs a secret. It reads neither the environment nor the terminal itself. */
export interface SecretRequest {
  readonly kind: 'login-password' | 'sudo-password' | 'key-passphrase';
  /** The node, or the jump host. */
  readonly host: string;
  /** The environment variable that the configuration names for it, if any. */
  readonly env?: string | undefined;
  /** The prompt, as `Password of hw5@node0 for sudo`. */
  readonly prompt: string;
}

/** Returns the secret, from the environment or a prompt; undefined when there is neither. */
export type SecretSource = (request: SecretRequest) => Promise<Secret | undefined>;
