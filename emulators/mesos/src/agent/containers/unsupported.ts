import {type Containerizer, LaunchError} from './container.js';

/** Rejects tasks whose containerizer is not listed in --containerizers. */
export const UNSUPPORTED: Containerizer = {
  check: () => Promise.resolve(),
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
