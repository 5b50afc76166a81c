import type {Action} from '../../engine/action.js';
import {mapped} from '../../engine/facts.js';
import type {Inputs} from '../../engine/inputs.js';
import {fromDockerd} from '../docker/dockerd.js';

/** The tags of the images on a node that hw5 has built: each ends with a hash of its content. */
export const TAGS = mapped(fromDockerd<readonly {readonly RepoTags: readonly string[] | null}[]>('/images/json'), (all) =>
  all?.flatMap(({RepoTags}) => RepoTags ?? []).filter((tag) => /^(docker-ssh|docker-jupyter|hw5-base):[0-9a-f]{12}$/.test(tag)),
);

/** Whether an image of the cluster is missing among the tags. */
export function isIncomplete(tags: readonly string[] | undefined, inputs: Inputs): boolean {
  return inputs.images.specs.some(({tag}) => !tags?.includes(tag));
}

/** Loads all images from the controller's cache. */
export function load(inputs: Inputs): Action {
  return {
    kind: 'feed',
    title: `load ${inputs.images.specs.map((spec) => spec.tag).join(' and ')}`,
    localFile: inputs.images.cacheFile,
    argv: ['docker', 'load', '-q'],
  };
}

/** Removes the images with these tags. */
export function removeImages(tags: readonly string[] = []): readonly Action[] {
  return tags.length > 0 ? [{kind: 'run', title: 'remove the images', argv: ['docker', 'rmi', '-f', ...tags]}] : [];
}
