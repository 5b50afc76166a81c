import {nodesWith} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import type {ImageInput, Inputs} from '../../engine/inputs.js';
import {quote} from '../../host/command.js';
import {defineComponent} from '../component.js';
import {fromDockerd} from '../docker/dockerd.js';
import {isIncomplete, load, TAGS} from './built.js';
import {recordingPull} from './pulled.js';

/**
 * Both images: loaded from the controller's cache on all nodes concurrently, or else built on one node and saved in the cache. A tag
 * identifies the content (Dockerfile, files, base), so that an existing tag is never built again.
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
    const {specs, isCached} = inputs.images;
    const isMissing = isIncomplete(observed.tags, inputs);
    if (isCached) return isMissing ? [load(inputs)] : [];
    // another node builds while the builder cannot be reached
    const builder = [cluster.images.builder, ...allObserved.keys()].find((name) => !unreachable.has(name));
    if (node.name !== builder) return [];
    // the cache was lost, and the other nodes load the images from it
    if (!isMissing) return [...allObserved.values()].some(({tags}) => isIncomplete(tags, inputs)) ? [save(inputs)] : [];
    const builds = specs.filter(({tag}) => !observed.tags?.includes(tag)).map(buildOf);
    return [...(observed.base ? [] : [base(inputs)]), ...builds, save(inputs)];
  },
  // with --purge docker removes them: not before the last container that uses them
  undo: () => [],
});

/** Saves the images in the controller's cache. */
function save({images: {specs, cacheFile}}: Inputs): Action {
  return {
    kind: 'fetch',
    title: 'save them in the cache',
    argv: ['docker', 'save', ...specs.map((spec) => spec.tag)],
    localFile: cacheFile,
  };
}

/** Pulls or imports the image on which both are based. */
function base({images: {baseTag, baseTar}}: Inputs): Action {
  if (baseTar !== undefined)
    return {kind: 'feed', title: 'import the base image', localFile: baseTar, argv: ['docker', 'import', '-', baseTag]};
  return {
    kind: 'script',
    title: `pull the base image: docker pull -q ${baseTag}`,
    script: recordingPull(baseTag, `docker pull -q ${quote(baseTag)}`),
    timeoutMs: 20 * 60_000,
    hint: 'images.base names another image, or a tar to import',
  };
}

function buildOf({tag, buildArgs, context}: ImageInput): Action {
  const options = Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`);
  return {
    kind: 'run',
    title: `build ${tag}`,
    // --force-rm: a build that fails leaves no container either
    argv: ['docker', 'build', '--force-rm', '-q', '-t', tag, ...options, '-'],
    stdin: context(),
    timeoutMs: 20 * 60_000,
    hint: 'the build installs packages with apt: can containers on the builder reach the package mirror?',
  };
}
