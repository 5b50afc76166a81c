import type {Inputs} from '../../src/engine/inputs.js';
import {Secret} from '../../src/host/command.js';

/** Values that must not appear in any output. */
export const SECRETS = {
  token: 'TOKEN-d2f1',
  clientKey: 'CLIENT-KEY-9b3c',
  hostKey: 'HOST-KEY-77aa',
  proxyToken: 'PROXY-TOKEN-05e1',
  mesos: 'MESOS-SECRET-4c4c',
} as const;

/** The inputs of the controller, without reading files. */
export function fakeInputs(more: Partial<Inputs> = {}): Inputs {
  const image = (name: string) => ({
    name,
    tag: `${name}:0123456789ab`,
    buildArgs: {BASE: 'debian'},
    context: () => Buffer.from(name),
  });
  return {
    programs: {
      'configurable-http-proxy': {path: '/here/chp', sha256: 'c'.repeat(64)},
      'hw5-scheduler': {path: '/here/scheduler', sha256: 'd'.repeat(64)},
    },
    calicoctl: undefined,
    images: {
      specs: [image('docker-ssh'), image('docker-jupyter')],
      baseTag: 'debian:bookworm-slim',
      baseTar: undefined,
      cacheFile: '/cache/images.tar',
      isCached: false,
    },
    secrets: {
      token: new Secret(SECRETS.token),
      clientKey: {private: new Secret(SECRETS.clientKey), public: 'ssh-ed25519 AAAAclient hw5\n'},
      hostKey: {private: new Secret(SECRETS.hostKey), public: 'ssh-ed25519 AAAAhost hw5\n'},
      proxyToken: new Secret(SECRETS.proxyToken),
    },
    chosenToken: undefined,
    mesosSecret: undefined,
    now: Date.parse('2026-01-01T00:00:00Z'),
    ...more,
  };
}
