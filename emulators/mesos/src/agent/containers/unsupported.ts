import {type Containerizer, LaunchError} from './container.js';

/** For tasks of a containerizer that --containerizers does not name. */
export const UNSUPPORTED: Containerizer = {
  prepare: () =>
    Promise.reject(
      new LaunchError('None of the enabled containerizers could create a container for the provided TaskInfo message'),
    ),
  create: () => {
    throw new Error('unsupported container');
  },
  removeOrphans: () => Promise.resolve(),
  cleanUp: () => Promise.resolve(),
};
