import {describe, expect, it} from 'vitest';
import {docker} from '../../../../src/components/docker/component.js';
import {build} from '../../../../src/components/images/build.js';
import {distribute} from '../../../../src/components/images/distribute.js';
import {fakeInputs} from '../../../support/fake-inputs.js';
import {clusterOf, contextOf, lines, plan, targets, undo} from '../situation.js';

describe('images', () => {
  const BOTH = ['docker-jupyter:0123456789ab', 'docker-ssh:0123456789ab'];
  const {images: given} = fakeInputs();
  const cached = fakeInputs({images: {...given, isCached: true}});

  it("are known from dockerd's list of images, if it answers", () => {
    const {parse} = docker.facts(contextOf({}))['images']!;
    const answer = [
      {RepoTags: ['docker-ssh:0123456789ab', 'mine:latest']},
      {RepoTags: null},
      {RepoTags: ['docker-ssh:latest', 'hw5-base:ba9876543210', 'x/docker-ssh:0123456789ab']},
    ];
    expect(parse({stdout: JSON.stringify(answer), code: 0})).toEqual(['docker-ssh:0123456789ab', 'hw5-base:ba9876543210']);
    expect(parse({stdout: '', code: 7})).toBeUndefined();
  });

  it('are built from a base that is pulled, and cached on the controller', () => {
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

  it('are built only if they are missing: a tag identifies the content', () => {
    const actions = lines(plan(build, {tags: ['docker-ssh:0123456789ab', 'docker-jupyter:older'], base: 'sha256:1'}));
    expect(actions.map((line) => line.split(':')[0])).toEqual(['build docker-jupyter', 'save them in the cache']);
    expect(plan(build, {tags: BOTH, base: undefined})).toEqual([]);
  });

  it('are loaded from the cache if it has them', () => {
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
    // without the builder, the first other node
    const without = (node: string) => {
      const others = Object.fromEntries(['node0', 'node2'].map((name) => [name, {tags: []}]));
      return plan(build, {tags: [], base: 'sha256:1'}, {cluster, node, others, unreachable: new Set(['node1'])}).length;
    };
    expect(['node0', 'node2'].map(without)).toEqual([3, 0]);
  });

  it("are kept without --purge, and removed with it by docker's undo, older ones too, when no container can use them", () => {
    const observed = (tags: string[]) => ({dropIn: undefined, images: tags});
    expect(undo(docker, observed(BOTH))).toEqual([]);
    expect(lines(undo(docker, observed([...BOTH, 'docker-ssh:older']), {purge: true}))).toEqual([
      'remove the images: docker rmi -f docker-jupyter:0123456789ab docker-ssh:0123456789ab docker-ssh:older',
    ]);
    expect(undo(docker, observed([]), {purge: true})).toEqual([]);
    for (const step of [build, distribute]) expect(undo(step, {tags: BOTH}, {purge: true})).toEqual([]);
  });

  it('are fetched again from the builder when the cache was lost and another node lacks them', () => {
    const observed = {tags: BOTH, base: undefined};
    const saved = (others: Record<string, object>, inputs = fakeInputs()) => lines(plan(build, observed, {others, inputs}));
    expect(saved({node1: observed, node2: {tags: []}})).toEqual([
      'save them in the cache: docker save docker-ssh:0123456789ab docker-jupyter:0123456789ab',
    ]);
    expect([...saved({node1: observed, node2: observed}), ...saved({node1: {tags: []}}, cached)]).toEqual([]);
  });
});
