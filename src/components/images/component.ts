import {nodesWith} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import {mapped} from '../../engine/facts.js';
import type {Inputs} from '../../engine/inputs.js';
import {everywhere} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {defineComponent} from '../component.js';
import {fromDockerd} from '../docker/dockerd.js';
import {notingPull} from './pulled.js';

/** The tags of what hw5 has made on a node: each ends with a hash of its content. */
export const TAGS = mapped(fromDockerd<readonly {readonly RepoTags: readonly string[] | null}[]>('/images/json'), (all) =>
  all?.flatMap(({RepoTags}) => RepoTags ?? []).filter((tag) => /^(docker-ssh|docker-jupyter|hw5-base):[0-9a-f]{12}$/.test(tag)),
);

const has = (observed: readonly string[] | undefined, tag: string): boolean => observed?.includes(tag) ?? false;

const missing = (observed: readonly string[] | undefined, inputs: Inputs): boolean =>
  inputs.images.specs.some((spec) => !has(observed, spec.tag));

const load = (inputs: Inputs): Action => ({
  kind: 'feed',
  title: `load ${inputs.images.specs.map((spec) => spec.tag).join(' and ')}`,
  localFile: inputs.images.cacheFile,
  argv: ['docker', 'load', '-q'],
});

/** All of them. */
export function removeImages(tags: readonly string[] = []): readonly Action[] {
  return tags.length > 0 ? [{kind: 'run', title: 'remove the images', argv: ['docker', 'rmi', '-f', ...tags]}] : [];
}

/**
 * Both images: from the cache on this computer on all nodes at once, else built on one node and kept in the cache. A tag names the content
 * (Dockerfile, files, base), so that what is there under its tag is never built again.
 */
export const build = defineComponent({
  name: 'build',
  title: 'images docker-ssh and docker-jupyter',
  needs: ['docker'],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  facts: ({inputs}) => ({
    tags: TAGS,
    base: fromDockerd(`/images/${inputs.images.baseTag}/json`),
  }),
  plan(observed, {node, cluster, inputs, allObserved, unreachable}) {
    const {specs, baseTag, baseTar, cacheFile, isCached} = inputs.images;
    const isMissing = missing(observed.tags, inputs);
    if (isCached) return isMissing ? [load(inputs)] : [];
    // another one builds while the builder cannot be reached
    const builder = [cluster.images.builder, ...allObserved.keys()].find((name) => !unreachable.has(name));
    if (node.name !== builder) return [];
    const keep: Action = {
      kind: 'fetch',
      title: 'keep them in the cache',
      argv: ['docker', 'save', ...specs.map((spec) => spec.tag)],
      localFile: cacheFile,
    };
    // the cache was lost, and the other nodes get theirs from it
    if (!isMissing) return [...allObserved.values()].some((other) => missing(other.tags, inputs)) ? [keep] : [];
    const base: Action =
      baseTar === undefined
        ? {
            kind: 'script',
            title: `pull the base image: docker pull -q ${baseTag}`,
            script: notingPull(baseTag, `docker pull -q ${quote(baseTag)}`),
            timeoutMs: 20 * 60_000,
            hint: 'images.base names another image, or a tar to import',
          }
        : {kind: 'feed', title: 'import the base image', localFile: baseTar, argv: ['docker', 'import', '-', baseTag]};
    const builds: Action[] = specs
      .filter((spec) => !has(observed.tags, spec.tag))
      .map((spec) => ({
        kind: 'run',
        title: `build ${spec.tag}`,
        argv: [
          'docker',
          'build',
          // a step that fails leaves no container behind either
          '--force-rm',
          '-q',
          '-t',
          spec.tag,
          ...Object.entries(spec.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
          '-',
        ],
        stdin: spec.context(),
        timeoutMs: 20 * 60_000,
        hint: 'the build installs packages by apt: do containers on the builder reach the package mirror?',
      }));
    return [...(observed.base ? [] : [base]), ...builds, keep];
  },
  // with --purge they go with dockerd's own step: not before the last container that uses them
  undo: () => [],
});

/** What one node has built, on every other node. */
export const images = defineComponent({
  name: 'images',
  title: 'images on the other nodes',
  needs: [everywhere('build')],
  targets: (cluster) => nodesWith(cluster, 'agent').filter((node) => node.name !== cluster.images.builder),
  facts: () => ({tags: TAGS}),
  plan: (observed, {inputs}) => (missing(observed.tags, inputs) ? [load(inputs)] : []),
  undo: () => [],
});
