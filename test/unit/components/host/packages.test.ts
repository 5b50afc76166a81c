import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Role} from '../../../../src/cluster/cluster.js';
import {packagesFor, packages as packagesOf} from '../../../../src/components/host/packages.js';
import {COMPONENTS} from '../../../../src/components/index.js';
import type {ScriptAction} from '../../../../src/engine/action.js';
import {observe} from '../../../../src/engine/observe.js';
import {script} from '../../../../src/host/command.js';
import {LocalHost} from '../../../../src/host/local-host.js';
import {clusterOf, contextOf, lines, plan, undo, withRoles} from '../situation.js';

describe('packages', () => {
  const packages = packagesOf(COMPONENTS);

  it('are installed if they are missing', () => {
    expect(lines(plan(packages, {missing: 'curl conntrack'}))).toEqual(['apt-get install curl conntrack']);
    expect(plan(packages, {missing: ''})).toEqual([]);
  });

  describe('where apt', () => {
    let directory: string;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hw5-apt-'));
    });
    afterEach(() => rm(directory, {recursive: true}));

    /** Runs the installation with these programs in place of the machine's: what it called, and how it ended. */
    async function install(programs: Readonly<Record<string, string>>): Promise<{code: number | undefined; calls: string[]}> {
      for (const [name, text] of Object.entries(programs)) {
        await writeFile(join(directory, name), `#!/bin/sh\necho ${name} "$@" >>${directory}/calls\n${text}\n`, {mode: 0o755});
      }
      const [action] = plan(packages, {missing: 'curl'}) as ScriptAction[];
      const {code} = await script(new LocalHost(), `PATH=${directory}:$PATH\n${action!.script}`);
      const calls = (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');
      return {code, calls: calls.map((call) => call.replace(/ -[qyo]( \S+(::|=)\S+)?/g, '').replace(/ --(no|force)-\S+/g, ''))};
    }

    it('installs them, dpkg is not called', async () => {
      expect(await install({'apt-get': '', dpkg: 'exit 1'})).toEqual({
        code: 0,
        calls: ['apt-get update', 'apt-get install curl'],
      });
    });

    it('was interrupted in an earlier run, dpkg continues first', async () => {
      const broken = `case "$*" in *install*) [ -e ${directory}/repaired ] || { echo 'dpkg was interrupted' >&2; exit 100; };; esac`;
      const dpkg = `case "$*" in *--audit*) [ -e ${directory}/repaired ] || echo curl;; *'--configure -a') : >${directory}/repaired;; esac`;
      expect(await install({'apt-get': broken, dpkg})).toEqual({
        code: 0,
        calls: ['apt-get update', 'apt-get install curl', 'dpkg --audit', 'dpkg --configure -a', 'apt-get install curl'],
      });
    });

    it('cannot reach one of its sources, the others may be enough', async () => {
      const broken = 'case "$*" in *update*) exit 100;; esac';
      expect(await install({'apt-get': broken, dpkg: ''})).toMatchObject({code: 0});
    });

    it('fails for another reason, the step fails', async () => {
      expect(await install({'apt-get': 'exit 100', dpkg: ''})).toMatchObject({code: 1});
    });
  });

  it('are kept by down', () => {
    expect(undo(packages, {missing: ''}, {purge: true})).toEqual([]);
  });

  it('that dpkg does not know, or knows but has not installed, are missing', async () => {
    const fact = packages.facts(contextOf({}))['missing']!;
    const script = fact.script.replace(/^for p in [^;]*;/m, 'for p in dash hw5-no-such-package coreutils hw5-nor-this;');
    expect(script).not.toBe(fact.script);
    expect(await observe(new LocalHost(), {missing: {...fact, script}})).toEqual({missing: 'hw5-no-such-package hw5-nor-this'});
  });
});

const IMAGE = clusterOf('mesos: {source: {kind: image, image: "mesos:1.11"}}');

describe('the packages of a node', () => {
  const of = (role: Role, given = clusterOf()) => {
    const cluster = withRoles(given, 'node0', [role]);
    return packagesFor(COMPONENTS, cluster, cluster.nodes[0]!).join(' ');
  };

  it('are those of its roles', () => {
    const base = 'ca-certificates curl iproute2 iptables';
    expect(of('etcd')).toBe(`${base} etcd-server etcd-client`);
    expect(of('agent')).toBe(`${base} docker.io conntrack`);
    expect(of('proxy')).toBe(`${base} docker.io conntrack nodejs`);
    expect(of('framework')).toBe(`${base} nodejs`);
    expect(of('master')).toBe(base);
    expect(of('master', IMAGE)).toBe(`${base} docker.io`);
  });
});
