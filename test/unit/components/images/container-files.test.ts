import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {knownHosts, sshConfig, tasksJson} from '../../../../src/components/images/container-files.js';

const containers = [
  {name: 'ssh-1', address: '192.168.0.101'},
  {name: 'ssh-2', address: '192.168.0.102'},
];
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/hw5-container-files-test-`);
});
afterEach(() => rmSync(directory, {recursive: true}));

/** What OpenSSH itself makes of the file. */
function asSshReadsIt(host: string) {
  writeFileSync(`${directory}/ssh_config`, sshConfig(containers, 'zzw'));
  const {stdout, stderr} = spawnSync('ssh', ['-F', `${directory}/ssh_config`, '-T', '-G', host], {encoding: 'utf8'});
  expect(stderr).not.toMatch(/config|option/i);
  return stdout.split('\n');
}

test.each(['ssh-2', '192.168.0.102'])(
  'ssh %s goes to the container, as the user, with the key, and knows its host key',
  (host) => {
    expect(asSshReadsIt(host)).toEqual(
      expect.arrayContaining([
        'hostname 192.168.0.102',
        'user zzw',
        'identityfile /run/hw5-user/id_ed25519',
        'stricthostkeychecking true',
        'hostkeyalias hw5-ssh',
        'userknownhostsfile /run/hw5-user/known_hosts',
      ]),
    );
  },
);

test('another host is none of its business', () => {
  const lines = asSshReadsIt('example.org');
  expect(lines).toContain('stricthostkeychecking ask');
  expect(lines).not.toContain('user zzw');
});

test('known_hosts holds the host key without its comment', () => {
  expect(knownHosts('ssh-ed25519 AAAAC3 root@builder\n')).toBe('hw5-ssh ssh-ed25519 AAAAC3\n');
});

test('tasks.json lists names and addresses and nothing else', () => {
  const task = {...containers[0]!, image: 'docker-ssh', env: {SECRET: 'x'}};
  expect(JSON.parse(tasksJson([task]))).toEqual([{name: 'ssh-1', address: '192.168.0.101'}]);
});
