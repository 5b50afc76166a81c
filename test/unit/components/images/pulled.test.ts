import {execFile} from 'node:child_process';
import {mkdtemp, readdir, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {calicoNode} from '../../../../src/components/calico/node.js';
import {docker} from '../../../../src/components/docker/component.js';
import {build} from '../../../../src/components/images/build.js';
import {PULLED, recordingPull} from '../../../../src/components/images/pulled.js';
import {mesosMaster} from '../../../../src/components/mesos/master.js';
import type {ScriptAction} from '../../../../src/engine/action.js';
import {observe} from '../../../../src/engine/observe.js';
import {LocalHost} from '../../../../src/host/local-host.js';
import {clusterOf, lines, NO_UNIT, plan, undo} from '../situation.js';

describe('an image that hw5 has pulled', () => {
  let directory: string;
  /** A docker whose images are files; `busy` is in use. */
  const DOCKER = `#!/bin/sh
cd "$IMAGES"
case "$1 $2" in
  "image inspect") test -e "$3";;
  "pull "*) [ "$2" != none ] && touch "$2";;
  "rmi "*) [ "$2" != busy ] && rm "$2";;
  version*) [ ! -e stopped ];;
esac`;
  const here = (script: string): string => script.replaceAll('/var/lib/hw5', join(directory, 'data'));
  const sh = async (script: string): Promise<number> => {
    const env = {...process.env, PATH: `${directory}:${process.env.PATH}`, IMAGES: join(directory, 'images')};
    return promisify(execFile)('sh', ['-c', here(script)], {env}).then(
      () => 0,
      (error: {code: number}) => error.code,
    );
  };
  const pulled = async () => (await observe(new LocalHost(), {pulled: {...PULLED, script: here(PULLED.script)}})).pulled;
  const purge = async () => {
    const observed = {dropIn: undefined, images: [], pulled: await pulled()};
    const actions = undo(docker, observed, {purge: true}) as ScriptAction[];
    for (const {script} of actions) await sh(script);
    return lines(actions);
  };
  const pull = (image: string) => sh(recordingPull(image, `docker pull ${image}`));
  const left = () => readdir(join(directory, 'images'));

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-pulled-'));
    await writeFile(join(directory, 'docker'), DOCKER, {mode: 0o755});
    await promisify(execFile)('mkdir', [join(directory, 'images')]);
  });
  afterEach(() => rm(directory, {recursive: true}));

  it('is removed with --purge, together with its record; without it, both are kept', async () => {
    expect(await pull('calico')).toBe(0);
    expect(await pull('debian')).toBe(0);
    expect(undo(docker, {dropIn: undefined, pulled: await pulled()})).toEqual([]);
    expect(await purge()).toEqual([
      expect.stringMatching(/^remove the images that hw5 pulled: (calico, debian|debian, calico)$/),
    ]);
    expect(await left()).toEqual([]);
    expect(await readdir(join(directory, 'data'))).toEqual([]);
    expect(await purge()).toEqual([]);
  });

  it("is not one that existed before: that is the user's", async () => {
    await writeFile(join(directory, 'images/debian'), '');
    expect(await pull('debian')).toBe(0);
    expect(await purge()).toEqual([]);
    expect(await left()).toEqual(['debian']);
  });

  it('has no record when the command failed, or pulled none', async () => {
    expect(await pull('none')).not.toBe(0);
    expect(await sh(recordingPull('calico', 'true'))).toBe(0);
    expect(await pulled()).toBeUndefined();
    expect(await readdir(join(directory, 'data'))).toEqual([]);
  });

  it('is kept while a container of the user needs it, and while dockerd does not answer', async () => {
    await pull('busy');
    await pull('idle');
    await writeFile(join(directory, 'images/stopped'), '');
    await purge();
    expect(await left()).toEqual(['busy', 'idle', 'stopped']);
    await rm(join(directory, 'images/stopped'));
    await purge();
    expect(await left()).toEqual(['busy']);
    expect(await pulled()).toBe('busy');
  });

  it('is recorded by all steps that pull: Calico, the build and Mesos', () => {
    const cluster = clusterOf('mesos: {source: {kind: image, image: mesos}}\ncalico: {nodeImage: mirror/node}');
    const scripts = [
      ...plan(calicoNode, {started: undefined, isRunning: false, running: {services: [], hasContainer: false}}, {cluster}),
      ...plan(build, {tags: [], base: undefined}, {cluster}),
      ...plan(mesosMaster, {unit: undefined, service: NO_UNIT, data: false, image: undefined}, {cluster}),
    ].flatMap((action) => (action.kind === 'script' ? [action.script] : []));
    const recorded = scripts.flatMap((script) => /^exists\(\) \{ docker image inspect (\S+) /.exec(script)?.[1] ?? []);
    expect(recorded).toEqual(['mirror/node', 'debian:bookworm-slim', 'mesos']);
  });
});
