import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rename, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {Secret} from '../../../src/host/command.js';
import type {SecretRequest} from '../../../src/host/secret-source.js';
import {type Agent, isEncryptedKey, type Key, type LoginTarget, planLogins} from '../../../src/host/ssh-login.js';

const run = promisify(execFile);
const keygen = (file: string, ...options: string[]) => run('ssh-keygen', ['-q', '-f', file, '-C', 'test', ...options]);

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hw5-login-'));
  await mkdir(join(home, '.ssh'));
  await keygen(join(home, 'open'), '-t', 'ed25519', '-N', '');
  await keygen(join(home, 'locked'), '-t', 'ed25519', '-N', 'passphrase');
  await keygen(join(home, 'pem'), '-t', 'ecdsa', '-m', 'PEM', '-N', '');
  await keygen(join(home, 'pem-locked'), '-t', 'ecdsa', '-m', 'PEM', '-N', 'passphrase');
}, 60_000);
afterAll(() => rm(home, {recursive: true}));

const key: Key = {type: 'ssh-ed25519', isPrivateKey: () => true, getPublicSSH: () => Buffer.from('public')};
const tools = {parseKey: () => key, openAgent: (): Agent => ({getIdentities: (callback) => callback(undefined, [key])})};

function target(settings: Partial<LoginTarget> = {}, answer?: string): {target: LoginTarget; requests: SecretRequest[]} {
  const requests: SecretRequest[] = [];
  const secret = async (request: SecretRequest) => {
    requests.push(request);
    return answer === undefined ? undefined : new Secret(answer);
  };
  return {target: {name: 'node0', user: 'hw5', home, secret, ...settings}, requests};
}

it.each([
  ['open', false],
  ['locked', true],
  ['pem', false],
  ['pem-locked', true],
])('detects whether a key is encrypted: %s %s', async (file, expected) => {
  expect(isEncryptedKey(await readFile(join(home, file)))).toBe(expected);
});

describe('the order of logins', () => {
  const methods = async (settings: Partial<LoginTarget>) => {
    const {logins} = await planLogins(target(settings).target, tools);
    return logins.map(({label}) => label.split(' ')[0]);
  };

  it('is the configured key, the agent, the password', async () => {
    expect(await methods({key: join(home, 'open'), agentSocket: '/a'})).toEqual(['key', 'agent', 'password', 'password']);
  });

  it('contains no agent that is not configured, and default keys only if no key is', async () => {
    expect(await methods({})).toEqual(['password', 'password']);
    await rename(join(home, 'pem'), join(home, '.ssh', 'id_rsa'));
    expect(await methods({agentSocket: '/a'})).toEqual(['agent', 'key', 'password', 'password']);
    expect(await methods({key: '~/open'})).toEqual(['key', 'password', 'password']);
  });

  it('skips an encrypted default key without a passphrase, and notes it', async () => {
    await rename(join(home, 'locked'), join(home, '.ssh', 'id_ed25519'));
    const {notes, logins} = await planLogins(target().target, tools);
    expect(notes).toEqual([`key ${home}/.ssh/id_ed25519: encrypted, and no passphrase was given`]);
    expect(logins[0]!.label).toContain('id_rsa');
  });
});

describe('the password', () => {
  it('is requested when it is tried, with the configured variable, and used by one method only', async () => {
    const {target: loginTarget, requests} = target({key: join(home, 'open'), passwordEnv: 'NODE_PASSWORD'}, 'sesame');
    const {logins} = await planLogins(loginTarget, tools);
    expect(requests).toEqual([]);
    const [, password, interactive] = logins;
    expect(await password!.make()).toEqual({type: 'password', username: 'hw5', password: 'sesame'});
    expect(await interactive!.make()).toBeUndefined();
    expect(requests).toEqual([{kind: 'login-password', host: 'node0', env: 'NODE_PASSWORD', prompt: 'Password of hw5@node0'}]);
  });

  it('answers one hidden question, and only the first', async () => {
    const {logins} = await planLogins(target({key: join(home, 'open')}, 'sesame').target, tools);
    const method = await logins[2]!.make();
    if (method?.type !== 'keyboard-interactive') throw new Error('wrong method');
    const ask = (...prompts: {echo: boolean}[]) => {
      let given: string[] | undefined;
      method.prompt('', '', '', prompts, (answers) => {
        given = answers;
      });
      return given;
    };
    expect(ask({echo: true})).toEqual([]);
    expect(ask({echo: false})).toEqual(['sesame']);
    expect(ask({echo: false})).toEqual([]);
  });

  it('is not tried when there is none', async () => {
    const {logins} = await planLogins(target({key: join(home, 'open')}).target, tools);
    expect(await logins[1]!.make()).toBeUndefined();
  });
});
