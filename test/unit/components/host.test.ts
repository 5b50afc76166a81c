import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {docker} from '../../../src/components/docker/component.js';
import {directories} from '../../../src/components/host/directories.js';
import {kernel} from '../../../src/components/host/kernel.js';
import {packages as packagesOf} from '../../../src/components/host/packages.js';
import {build} from '../../../src/components/images/build.js';
import {distribute} from '../../../src/components/images/distribute.js';
import {COMPONENTS} from '../../../src/components/index.js';
import type {ScriptAction} from '../../../src/engine/action.js';
import {observe} from '../../../src/engine/observe.js';
import {script} from '../../../src/host/command.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {fakeInputs} from '../../support/fake-inputs.js';
import {clusterOf, contextOf, fileAfter, lines, plan, targets, undo} from './situation.js';

describe("hw5's folders", () => {
  const state = (of: string) => ({'/var/lib/hw5': of, '/usr/local/lib/hw5': of, '/etc/hw5/restore': of, '/etc/hw5': of});

  it('are made, those that are missing', () => {
    expect(lines(plan(directories, state('absent')))).toEqual([
      'make them: install -d -m 0755 /var/lib/hw5 /usr/local/lib/hw5 /etc/hw5/restore /etc/hw5',
    ]);
    expect(lines(plan(directories, {...state('in use'), '/var/lib/hw5': 'absent'}))).toEqual([
      'make them: install -d -m 0755 /var/lib/hw5',
    ]);
    expect([...plan(directories, state('empty')), ...plan(directories, state('in use'))]).toEqual([]);
  });

  it('are removed, the inner before the outer, those that hold nothing', () => {
    expect(lines(undo(directories, {...state('empty'), '/var/lib/hw5': 'in use'}))).toEqual([
      'remove those that are empty: rmdir --ignore-fail-on-non-empty /usr/local/lib/hw5 /etc/hw5/restore /etc/hw5',
    ]);
    expect([...undo(directories, state('in use')), ...undo(directories, state('absent'))]).toEqual([]);
  });

  it('count as empty while they hold nothing but folders', async () => {
    const root = await mkdtemp(join(tmpdir(), 'hw5-folders-'));
    try {
      await mkdir(join(root, 'full/inner'), {recursive: true});
      await mkdir(join(root, 'nested/inner/most'), {recursive: true});
      await writeFile(join(root, 'full/inner/file'), '');
      const facts = directories.facts(contextOf({}));
      const fact = facts['/etc/hw5']!;
      const at = (name: string) => ({...fact, script: fact.script.replaceAll('/etc/hw5', join(root, name))});
      const observed = await observe(new LocalHost(), {full: at('full'), nested: at('nested'), none: at('none')});
      expect(observed).toEqual({full: 'in use', nested: 'empty', none: 'absent'});
    } finally {
      await rm(root, {recursive: true});
    }
  });
});

describe('kernel settings', () => {
  const CONF = '/etc/sysctl.d/90-hw5.conf';
  const before = 'net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.rp_filter = 2';
  const nothing = {conf: undefined, before: undefined, values: before};
  const first = plan(kernel, nothing);
  const well = {
    conf: fileAfter(first, CONF),
    backup: fileAfter(first, '/etc/hw5/restore/sysctl.conf'),
    values: fileAfter(first, CONF)
      .content.split('\n')
      .filter((line) => line.startsWith('net.'))
      .join('\n'),
  };

  it('are set at once and at boot, the old values kept', () => {
    expect(lines(first)).toEqual([
      'write /etc/hw5/restore/sysctl.conf (mode 0644)',
      `write ${CONF} (mode 0644)`,
      `set them: sysctl -q -p ${CONF}`,
    ]);
    expect(well.backup.content).toBe(`${before}\n`);
    expect(plan(kernel, well)).toEqual([]);
  });

  it('are set again when somebody changed them, the old values not forgotten', () => {
    expect(lines(plan(kernel, {...well, values: before}))).toEqual([`set them: sysctl -q -p ${CONF}`]);
    expect(lines(plan(kernel, {...well, conf: undefined}))).toEqual([
      `write ${CONF} (mode 0644)`,
      `set them: sysctl -q -p ${CONF}`,
    ]);
  });

  it('get their old values back', () => {
    expect(lines(undo(kernel, well))).toEqual([
      `remove ${CONF}`,
      'set the old values: sysctl -e -q -p /etc/hw5/restore/sysctl.conf',
      'remove /etc/hw5/restore/sysctl.conf',
    ]);
    expect(undo(kernel, nothing)).toEqual([]);
  });
});

describe('packages', () => {
  const packages = packagesOf(COMPONENTS);

  it('are installed, those that are missing', () => {
    expect(lines(plan(packages, {missing: 'curl conntrack'}))).toEqual(['apt-get install curl conntrack']);
    expect(plan(packages, {missing: ''})).toEqual([]);
  });

  describe('where apt', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hw5-apt-'));
    });
    afterEach(() => rm(folder, {recursive: true}));

    /** Runs the installation with these programs in place of the machine's: what it called, and how it ended. */
    async function install(programs: Readonly<Record<string, string>>): Promise<{code: number | undefined; calls: string[]}> {
      for (const [name, text] of Object.entries(programs)) {
        await writeFile(join(folder, name), `#!/bin/sh\necho ${name} "$@" >>${folder}/calls\n${text}\n`, {mode: 0o755});
      }
      const [action] = plan(packages, {missing: 'curl'}) as ScriptAction[];
      const {code} = await script(new LocalHost(), `PATH=${folder}:$PATH\n${action!.script}`);
      const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
      return {code, calls: calls.map((call) => call.replace(/ -[qyo]( \S+(::|=)\S+)?/g, '').replace(/ --(no|force)-\S+/g, ''))};
    }

    it('installs them, dpkg is asked nothing', async () => {
      expect(await install({'apt-get': '', dpkg: 'exit 1'})).toEqual({
        code: 0,
        calls: ['apt-get update', 'apt-get install curl'],
      });
    });

    it('was interrupted in an earlier run, dpkg goes on first', async () => {
      const broken = `case "$*" in *install*) [ -e ${folder}/mended ] || { echo 'dpkg was interrupted' >&2; exit 100; };; esac`;
      const dpkg = `case "$*" in *--audit*) [ -e ${folder}/mended ] || echo curl;; *'--configure -a') : >${folder}/mended;; esac`;
      expect(await install({'apt-get': broken, dpkg})).toEqual({
        code: 0,
        calls: ['apt-get update', 'apt-get install curl', 'dpkg --audit', 'dpkg --configure -a', 'apt-get install curl'],
      });
    });

    it('cannot reach one of its sources, the others may have them all', async () => {
      const broken = 'case "$*" in *update*) exit 100;; esac';
      expect(await install({'apt-get': broken, dpkg: ''})).toMatchObject({code: 0});
    });

    it('fails for another reason, that is the failure', async () => {
      expect(await install({'apt-get': 'exit 100', dpkg: ''})).toMatchObject({code: 1});
    });
  });

  it('stay', () => {
    expect(undo(packages, {missing: ''}, {purge: true})).toEqual([]);
  });

  it('that dpkg does not know, or knows but has not installed, are missing', async () => {
    const fact = packages.facts(contextOf({}))['missing']!;
    const script = fact.script.replace(/^for p in [^;]*;/m, 'for p in dash hw5-no-such-package coreutils hw5-nor-this;');
    expect(script).not.toBe(fact.script);
    expect(await observe(new LocalHost(), {missing: {...fact, script}})).toEqual({missing: 'hw5-no-such-package hw5-nor-this'});
  });
});

describe('images', () => {
  const BOTH = ['docker-jupyter:0123456789ab', 'docker-ssh:0123456789ab'];
  const {images: given} = fakeInputs();
  const cached = fakeInputs({images: {...given, isCached: true}});

  it('are known by what dockerd says of all images, where it says anything', () => {
    const {parse} = docker.facts(contextOf({}))['images']!;
    const answer = [
      {RepoTags: ['docker-ssh:0123456789ab', 'mine:latest']},
      {RepoTags: null},
      {RepoTags: ['docker-ssh:latest', 'hw5-base:ba9876543210', 'x/docker-ssh:0123456789ab']},
    ];
    expect(parse({stdout: JSON.stringify(answer), code: 0})).toEqual(['docker-ssh:0123456789ab', 'hw5-base:ba9876543210']);
    expect(parse({stdout: '', code: 7})).toBeUndefined();
  });

  it('are built from a base that is pulled, and kept on this computer', () => {
    expect(lines(plan(build, {tags: [], base: undefined}))).toEqual([
      'pull the base image: docker pull -q debian:bookworm-slim',
      'build docker-ssh:0123456789ab: docker build --force-rm -q -t docker-ssh:0123456789ab --build-arg=BASE=debian -',
      'build docker-jupyter:0123456789ab: docker build --force-rm -q -t docker-jupyter:0123456789ab --build-arg=BASE=debian -',
      'save them in the cache: docker save docker-ssh:0123456789ab docker-jupyter:0123456789ab',
    ]);
  });

  it('are built from a base that is imported', () => {
    const inputs = fakeInputs({images: {...given, baseTag: 'hw5-base:1', baseTar: '/here/root.tar'}});
    expect(plan(build, {tags: undefined, base: undefined}, {inputs})[0]).toEqual({
      kind: 'feed',
      title: 'import the base image',
      localFile: '/here/root.tar',
      argv: ['docker', 'import', '-', 'hw5-base:1'],
    });
  });

  it('are built only so far as they are missing: a tag names the content', () => {
    const actions = lines(plan(build, {tags: ['docker-ssh:0123456789ab', 'docker-jupyter:older'], base: 'sha256:1'}));
    expect(actions.map((line) => line.split(':')[0])).toEqual(['build docker-jupyter', 'save them in the cache']);
    expect(plan(build, {tags: BOTH, base: undefined})).toEqual([]);
  });

  it('come from the cache where it has them', () => {
    const load = ['load docker-ssh:0123456789ab and docker-jupyter:0123456789ab: docker load -q'];
    expect(lines(plan(build, {tags: [], base: undefined}, {inputs: cached}))).toEqual(load);
    expect(lines(plan(distribute, {tags: []}, {node: 'node1'}))).toEqual(load);
    expect(plan(distribute, {tags: BOTH}, {node: 'node1'})).toEqual([]);
  });

  it('are built on one node and loaded on all others that run containers', () => {
    const cluster = clusterOf('images: {builder: node1}');
    const builds = (node: string) => plan(build, {tags: [], base: 'sha256:1'}, {cluster, node}).length;
    expect(['node0', 'node1', 'node2'].map(builds)).toEqual([0, 3, 0]);
    expect(targets(distribute, cluster)).toEqual(['node0', 'node2']);
    // without the builder, the first of the others
    const without = (node: string) => {
      const others = Object.fromEntries(['node0', 'node2'].map((name) => [name, {tags: []}]));
      return plan(build, {tags: [], base: 'sha256:1'}, {cluster, node, others, unreachable: new Set(['node1'])}).length;
    };
    expect(['node0', 'node2'].map(without)).toEqual([3, 0]);
  });

  it('stay without --purge, and go with it, older ones too: with dockerd, when no container can use them any more', () => {
    const observed = (tags: string[]) => ({dropIn: undefined, images: tags});
    expect(undo(docker, observed(BOTH))).toEqual([]);
    expect(lines(undo(docker, observed([...BOTH, 'docker-ssh:older']), {purge: true}))).toEqual([
      'remove the images: docker rmi -f docker-jupyter:0123456789ab docker-ssh:0123456789ab docker-ssh:older',
    ]);
    expect(undo(docker, observed([]), {purge: true})).toEqual([]);
    for (const step of [build, distribute]) expect(undo(step, {tags: BOTH}, {purge: true})).toEqual([]);
  });

  it('are fetched from the node that built them when the cache was lost and another node has none', () => {
    const observed = {tags: BOTH, base: undefined};
    const kept = (others: Record<string, object>, inputs = fakeInputs()) => lines(plan(build, observed, {others, inputs}));
    expect(kept({node1: observed, node2: {tags: []}})).toEqual([
      'save them in the cache: docker save docker-ssh:0123456789ab docker-jupyter:0123456789ab',
    ]);
    expect([...kept({node1: observed, node2: observed}), ...kept({node1: {tags: []}}, cached)]).toEqual([]);
  });
});
