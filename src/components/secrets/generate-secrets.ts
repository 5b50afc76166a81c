import {randomBytes} from 'node:crypto';
import type {SecretCandidates} from '../../engine/inputs.js';
import {Secret} from '../../host/command.js';
import {keyPair} from '../../host/key-pair.js';

/** New random secrets. Tokens have 192 bits: too many to guess, and short enough for a URL. */
export function generateSecrets(): SecretCandidates {
  const token = (): Secret => new Secret(randomBytes(24).toString('hex'));
  return {token: token(), clientKey: keyPair('hw5 jupyter'), hostKey: keyPair('hw5 ssh containers'), proxyToken: token()};
}
