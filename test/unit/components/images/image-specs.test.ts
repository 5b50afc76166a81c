import {chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {imageSpecs} from '../../../../src/components/images/image-specs.js';

let templates: string;
beforeEach(() => {
  templates = mkdtempSync(`${tmpdir()}/hw5-images-test-`);
  cpSync(fileURLToPath(new URL('../../../../templates/images', import.meta.url)), templates, {recursive: true});
});
afterEach(() => rmSync(templates, {recursive: true}));

const options = () => ({templates, base: 'hw5-base', baseIdentity: 'sha256:1', userName: 'zzw'});
const keys = (changed = {}) => imageSpecs({...options(), ...changed}).map(({key}) => key);

test('docker-jupyter is built on docker-ssh, which is built on the base', () => {
  const [ssh, jupyter] = imageSpecs(options());
  expect(ssh).toMatchObject({name: 'docker-ssh', buildArgs: {BASE: 'hw5-base', USER_NAME: 'zzw'}});
  expect(jupyter).toMatchObject({name: 'docker-jupyter', dependsOn: 'docker-ssh', buildArgs: {BASE: ssh.tag}});
  expect(ssh.tag).toMatch(/^docker-ssh:[0-9a-f]{12}$/);
});

test('the context is a tar archive with the Dockerfile in it', () => {
  for (const spec of imageSpecs(options())) expect(spec.context().toString('latin1')).toContain('Dockerfile\0');
});

describe('the keys', () => {
  test('are the same while nothing changes, with any umask', () => {
    const before = keys();
    chmodSync(`${templates}/docker-ssh/sshd.conf`, 0o600);
    chmodSync(`${templates}/docker-ssh/entrypoint.sh`, 0o700);
    expect(keys()).toEqual(before);
  });

  test.each([
    ['the base is another one', {baseIdentity: 'sha256:2'}],
    ['the user has another name', {userName: 'ada'}],
  ])('of both images change when %s', (_, changed) => {
    const [ssh, jupyter] = keys(changed);
    expect(keys()).not.toContain(ssh);
    expect(keys()).not.toContain(jupyter);
  });

  test('of both images change with a file of docker-ssh', () => {
    const before = keys();
    writeFileSync(`${templates}/docker-ssh/sshd.conf`, 'Port 22\n');
    for (const key of keys()) expect(before).not.toContain(key);
  });

  test('of docker-jupyter alone change with a file of docker-jupyter', () => {
    const [ssh, jupyter] = keys();
    writeFileSync(`${templates}/docker-jupyter/ssh.conf`, '\n');
    expect(keys()[0]).toBe(ssh);
    expect(keys()[1]).not.toBe(jupyter);
  });

  test('change when a file ceases to be executable', () => {
    const [ssh] = keys();
    chmodSync(`${templates}/docker-ssh/entrypoint.sh`, 0o644);
    expect(keys()[0]).not.toBe(ssh);
  });
});
