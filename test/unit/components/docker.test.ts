import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {docker} from '../../../src/components/docker/component.js';
import type {ScriptAction} from '../../../src/engine/action.js';
import {clusterOf, contextOf, fileAfter, lines, plan, RUNS, readiness, undo} from './situation.js';

const FOREIGN = {content: 'by hand', mode: '644'};

describe('docker', () => {
  const DROP_IN = '/etc/systemd/system/docker.service.d/zz-hw5.conf';
  const RULES = "remove the rules for the containers' pool";
  const STORE = 'etcd://198.18.0.10:2379,198.18.0.11:2379,198.18.0.12:2379';
  const packaged = {
    dropIn: undefined,
    service: RUNS,
    command: '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS',
    info: {ClusterStore: ''},
  };
  const first = plan(docker, packaged, {node: 'node1'});
  const installed = {...packaged, dropIn: fileAfter(first, DROP_IN), info: {ClusterStore: STORE}};
  const changed = ['systemctl daemon-reload', 'systemctl restart docker.service'];

  it('adds the store to any command line of the distribution', () => {
    expect(lines(first)).toEqual([`write ${DROP_IN} (mode 0644)`, ...changed]);
    expect(fileAfter(first, DROP_IN).content).toContain(
      `ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS --cluster-store=${STORE} --cluster-advertise=198.18.0.11:2376\n`,
    );
  });

  it.each<[string, object, string[]]>([
    ['is unchanged when it runs with the store', {}, []],
    ['is restarted when it runs without the store', {info: {}}, changed],
    ['is restarted when it does not answer', {info: undefined}, changed],
    ['is restarted when it stopped', {service: {...RUNS, isActive: false}}, changed],
    ['is restarted when systemd has not read the drop-in', {service: {...RUNS, needsReload: true}}, changed],
    ['is written again when the drop-in was changed', {dropIn: FOREIGN}, [`change ${DROP_IN} (mode 0644)`, RULES, ...changed]],
  ])('%s', (_, observed, desired) => {
    expect(lines(plan(docker, {...installed, ...observed}, {node: 'node1'}))).toEqual(desired);
  });

  it('is not restarted while it starts, which may take 15 s for each container that ended with it: it is waited for', () => {
    const starting = {...installed, service: {...RUNS, isActive: false, activeState: 'activating'}};
    // a dockerd that is starting does not answer: the fact times out
    Object.defineProperty(starting, 'info', {
      get: () => {
        throw new Error('timed out');
      },
    });
    expect(plan(docker, starting, {node: 'node1'})).toEqual([]);
    expect(docker.isRolling!(starting as never)).toBe(true);
    const again = {...starting.service, isPausing: true, restarts: 7};
    expect(lines(plan(docker, {...installed, service: again, info: undefined}, {node: 'node1'}))).toEqual([
      'systemctl daemon-reload',
      'systemctl reset-failed docker.service',
      'systemctl restart docker.service',
    ]);
    expect(readiness(docker)).toMatchObject({reason: expect.stringContaining('15 s for each container'), limitSeconds: 300});
    expect(first.at(-1)).toMatchObject({kind: 'systemctl', waitsFor: expect.stringContaining('15 s for each container')});
  });

  describe("with fake programs in place of the node's", () => {
    let directory: string;
    /** Runs it in a shell whose programs of these names are these scripts. */
    const sh = async (script: string, programs: Record<string, string>): Promise<string> => {
      for (const [name, text] of Object.entries(programs))
        await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`, {mode: 0o755});
      const env = {...process.env, PATH: `${directory}:${process.env.PATH}`};
      return (await promisify(execFile)('sh', ['-c', script], {env})).stdout.trim();
    };
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hw5-docker-'));
    });
    afterEach(() => rm(directory, {recursive: true, force: true}));

    it.each([
      ['the distribution', [], '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS'],
      ['an override', ['[Service]\nExecStart=\nExecStart=/opt/dockerd --debug\n'], '/opt/dockerd --debug'],
      ['the last of several, over several lines', ['ExecStart=/one', 'ExecStart=/two \\\n  --x'], '/two    --x'],
      ['an override of something else', ['[Service]\nLimitNOFILE=1'], '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS'],
    ])('uses the command line of %s', async (_, overrides, expected) => {
      await writeFile(join(directory, 'unit'), '[Service]\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\nExecReload=x\n');
      for (const [index, text] of overrides.entries()) await writeFile(join(directory, `${index}.conf`), text);
      const dropIns = [...overrides.keys()].map((index) => join(directory, `${index}.conf`));
      const {script} = docker.facts(contextOf({})).command!;
      const systemctl = `case $* in *FragmentPath*) echo ${directory}/unit;; *) echo ${[...dropIns, DROP_IN].join(' ')};; esac`;
      expect(await sh(script, {systemctl})).toBe(expected);
    });

    it('removes only its own rules, as both versions of iptables print them', async () => {
      const rules = [
        '-P FORWARD DROP',
        '-A FORWARD -s 10.1.0.0/16 -m comment --comment "hw5:pool" -j ACCEPT',
        '-A FORWARD -d 10.1.0.0/16 -m comment --comment hw5:pool -j ACCEPT',
        '-A FORWARD -s 10.1.0.0/16 -m comment --comment "hw5:pool of mine" -j ACCEPT',
      ];
      await writeFile(join(directory, 'rules'), `${rules.join('\n')}\n`);
      const [action] = undo(docker, installed) as [ScriptAction];
      await sh(action.script, {
        iptables: `case $2 in -S) cat ${directory}/rules;; *) echo "$*" >>${directory}/calls; exit 1;; esac`,
      });
      expect(await readFile(join(directory, 'calls'), 'utf8')).toBe(
        ['-s', '-d'].map((side) => `-w -D FORWARD ${side} 10.1.0.0/16 -m comment --comment hw5:pool -j ACCEPT\n`).join(''),
      );
    });

    it("accepts the pool's traffic once, after all other rules", async () => {
      const line = /^ExecStartPost=-\/bin\/sh -c '(.*)'$/m.exec(fileAfter(first, DROP_IN).content)![1]!;
      const rule = (side: string) => `FORWARD ${side} 192.168.0.0/16 -m comment --comment hw5:pool -j ACCEPT`;
      const calls = `echo "$*" >>${directory}/calls`;
      // systemd makes one dollar of two; -s is there already
      await sh(line.replaceAll('$$', '$'), {iptables: `${calls}; [ "$4" = -s ] || [ $2 = -A ]`});
      expect((await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n')).toEqual([
        `-w -C ${rule('-s')}`,
        `-w -C ${rule('-d')}`,
        `-w -A ${rule('-d')}`,
      ]);
    });
  });

  it("restores the distribution's command line", () => {
    expect(lines(undo(docker, installed))).toEqual([
      RULES,
      `remove ${DROP_IN}`,
      'remove /etc/systemd/system/docker.service.d if it is empty',
      ...changed,
    ]);
    expect(undo(docker, packaged)).toEqual([]);
    expect(docker.undoTargets!(clusterOf())).toHaveLength(3);
  });

  it('is changed on one node after the other if it has a store already', () => {
    expect([docker.isRolling!(installed), docker.isRolling!(packaged)]).toEqual([true, false]);
  });
});
