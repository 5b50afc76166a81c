import ssh2 from 'ssh2';
import {Secret} from './command.js';

/** An Ed25519 key pair in OpenSSH's formats: the private key, and the public one as one line. */
export interface KeyPair {
  readonly private: Secret;
  readonly public: string;
}

/** Makes a new key pair without a passphrase. The comment is the last field of the public line. */
export function keyPair(comment: string): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', {comment});
  return {private: new Secret(`${pair.private.trimEnd()}\n`), public: `${pair.public.trimEnd()}\n`};
}
