import {describe, expect, it} from 'vitest';
import {secrets} from '../../../src/components/secrets/component.js';
import {Secret} from '../../../src/host/command.js';
import {fakeInputs, SECRETS} from '../../support/fake-inputs.js';
import {clusterOf, contextOf, fileAfter, lines, plan, type Situation, undo} from './situation.js';

const JUPYTER = '/etc/hw5/containers/jupyter';
const SSH = '/etc/hw5/containers/ssh';
const nothing = {isThere: false};

/** What the facts show of a node on which these actions were performed. */
function seenAfter(actions: ReturnType<typeof plan>) {
  const secret = (path: string) => {
    const {content, mode} = fileAfter(actions, path);
    return {content: new Secret(content), mode};
  };
  return {
    isThere: true,
    token: secret(`${JUPYTER}/token`),
    clientKey: secret(`${JUPYTER}/id_ed25519`),
    hostKey: secret(`${SSH}/ssh_host_ed25519_key`),
    sshConfig: fileAfter(actions, `${JUPYTER}/ssh_config`),
    knownHosts: fileAfter(actions, `${JUPYTER}/known_hosts`),
    tasks: fileAfter(actions, `${JUPYTER}/tasks.json`),
    authorizedKeys: fileAfter(actions, `${SSH}/authorized_keys`),
  };
}

/** Another run: its own fresh secrets. */
const later = (tag: string) =>
  fakeInputs({
    secrets: {
      token: new Secret(`token of ${tag}`),
      clientKey: {private: new Secret(`client of ${tag}`), public: `ssh-ed25519 AAAA${tag}client x\n`},
      hostKey: {private: new Secret(`host of ${tag}`), public: `ssh-ed25519 AAAA${tag}host x\n`},
      proxyToken: new Secret(`proxy of ${tag}`),
    },
  });

const first = plan(secrets, nothing);
const installed = seenAfter(first);
const token = (observed: object, situation: Situation) =>
  fileAfter(plan(secrets, observed, situation), `${JUPYTER}/token`).content;

describe("the containers' secrets", () => {
  it('are generated if no node has any, in directories that only root may read', () => {
    expect(lines(first)).toEqual([
      `make the directories: install -d -m 0700 /etc/hw5/containers ${JUPYTER} ${SSH}`,
      `write ${JUPYTER}/token (mode 0600)`,
      `write ${JUPYTER}/id_ed25519 (mode 0600)`,
      `write ${JUPYTER}/ssh_config (mode 0644)`,
      `write ${JUPYTER}/known_hosts (mode 0644)`,
      `write ${JUPYTER}/tasks.json (mode 0644)`,
      `write ${SSH}/authorized_keys (mode 0644)`,
      `write ${SSH}/ssh_host_ed25519_key (mode 0600)`,
    ]);
    expect(installed.token.content.reveal()).toBe(SECRETS.token);
    expect(installed.authorizedKeys.content).toBe('ssh-ed25519 AAAAclient hw5\n');
    expect(installed.knownHosts.content).toContain('ssh-ed25519 AAAAhost');
  });

  it('are the same in every later run', () => {
    expect(plan(secrets, installed, {inputs: later('2')})).toEqual([]);
  });

  it('are the same on all nodes: one that has none gets those of another', () => {
    for (const node of ['node0', 'node2']) {
      const others = {node1: installed, ...(node === 'node0' ? {node2: nothing} : {node0: nothing})};
      expect(seenAfter(plan(secrets, nothing, {node, inputs: later('2'), others}))).toEqual(installed);
    }
  });

  it('are the same on all nodes even if two nodes differ: those of the first in the cluster file are used', () => {
    const stray = seenAfter(plan(secrets, nothing, {inputs: later('stray')}));
    expect(plan(secrets, installed, {node: 'node0', others: {node1: stray}, inputs: later('2')})).toEqual([]);
    const mended = plan(secrets, stray, {node: 'node1', others: {node0: installed}, inputs: later('2')});
    expect(fileAfter(mended, `${JUPYTER}/token`).content).toBe(SECRETS.token);
    expect(fileAfter(mended, `${SSH}/ssh_host_ed25519_key`).content).toBe(SECRETS.hostKey);
  });

  it('never mix the keys of two nodes: an incomplete set is not used', () => {
    const half = {...installed, hostKey: undefined};
    const actions = plan(secrets, half, {inputs: later('2')});
    expect(lines(actions)).toEqual([
      `change ${JUPYTER}/id_ed25519 (mode 0600)`,
      `change ${JUPYTER}/known_hosts (mode 0644)`,
      `change ${SSH}/authorized_keys (mode 0644)`,
      `write ${SSH}/ssh_host_ed25519_key (mode 0600)`,
    ]);
    expect(fileAfter(actions, `${JUPYTER}/id_ed25519`).content).toBe('client of 2');
    expect(fileAfter(actions, `${JUPYTER}/known_hosts`).content).toContain('AAAA2host');
  });

  it('include the token that the user chose, on all nodes', () => {
    const inputs = fakeInputs({chosenToken: new Secret('chosen')});
    expect(token(nothing, {inputs})).toBe('chosen');
    expect(token(installed, {inputs, others: {node1: installed}})).toBe('chosen');
  });

  it('get mode 0600 again when it was changed', () => {
    const open = {...installed, token: {...installed.token, mode: '644'}};
    expect(lines(plan(secrets, open))).toEqual([`change ${JUPYTER}/token (mode 0600)`]);
  });

  it('change with the tasks', () => {
    const cluster = clusterOf('framework: {tasks: [{name: jupyter}, {name: ssh, count: 1, addresses: 192.168.0.200-200}]}');
    expect(lines(plan(secrets, installed, {cluster}))).toEqual([
      `change ${JUPYTER}/ssh_config (mode 0644)`,
      `change ${JUPYTER}/tasks.json (mode 0644)`,
    ]);
  });

  it('name to the notebook only containers that have an sshd', () => {
    const cluster = clusterOf('framework: {tasks: [{name: jupyter}, {name: web, image: nginx}, {name: login, image: ssh}]}');
    const {content} = fileAfter(plan(secrets, nothing, {cluster}), `${JUPYTER}/tasks.json`);
    expect(JSON.parse(content)).toEqual([{name: 'login', address: '192.168.0.102'}]);
  });

  it('are not printed in a plan, old or new', () => {
    const changed = plan(secrets, installed, {inputs: fakeInputs({chosenToken: new Secret('chosen')})});
    const text = JSON.stringify([first, changed]) + [...lines(first), ...lines(changed)].join();
    for (const secret of [SECRETS.token, SECRETS.clientKey, SECRETS.hostKey, 'chosen']) expect(text).not.toContain(secret);
    expect(changed).toMatchObject([{before: '***'}]);
  });

  it('are observed as secrets', () => {
    const {facts} = secrets;
    const {token: fact, knownHosts} = facts(contextOf({})) as never as Record<
      string,
      {parse: (output: object) => {content: unknown} | undefined}
    >;
    const observed = fact!.parse({stdout: `600\n${SECRETS.token}`, code: 0})!;
    expect(observed.content).toBeInstanceOf(Secret);
    expect(JSON.stringify(observed)).toBe('{"mode":"600","content":"***"}');
    expect(fact!.parse({stdout: '', code: 3})).toBeUndefined();
    expect(knownHosts!.parse({stdout: '644\nx', code: 0})!.content).toBe('x');
  });

  it('are removed', () => {
    expect(lines(undo(secrets, installed))).toEqual(['remove /etc/hw5/containers']);
    expect(undo(secrets, nothing)).toEqual([]);
  });
});
