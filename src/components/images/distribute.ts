import {nodesWith} from '../../cluster/cluster.js';
import {everywhere} from '../../engine/step.js';
import {defineComponent} from '../component.js';
import {isIncomplete, load, TAGS} from './built.js';

/** The images that one node has built, on all other nodes. */
export const distribute = defineComponent({
  name: 'images',
  title: 'images on the other nodes',
  needs: [everywhere('build')],
  targets: (cluster) => nodesWith(cluster, 'agent').filter((node) => node.name !== cluster.images.builder),
  facts: () => ({tags: TAGS}),
  plan: (observed, {inputs}) => (isIncomplete(observed.tags, inputs) ? [load(inputs)] : []),
  undo: () => [],
});
