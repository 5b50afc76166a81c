import {exists} from '../step/facts.js';
import {defineStep} from '../step/step.js';
import {DATA, ETC, PROGRAMS, RESTORE} from './places.js';

const FOLDERS = [DATA, PROGRAMS, RESTORE, ETC];

/** hw5's own folders: the first that come, the last that go. One that still holds something (etcd's data without --purge) stays. */
export const folders = defineStep({
  name: 'folders',
  title: 'folders',
  needs: ['preflight'],
  targets: (cluster) => cluster.nodes,
  facts: () => Object.fromEntries(FOLDERS.map((folder) => [folder, exists(folder)])),
  plan(seen) {
    const missing = FOLDERS.filter((folder) => !seen[folder]);
    return missing.length === 0 ? [] : [{kind: 'run', title: 'make them', argv: ['install', '-d', '-m', '0755', ...missing]}];
  },
  undo(seen) {
    const left = FOLDERS.filter((folder) => seen[folder]);
    return left.length === 0
      ? []
      : [{kind: 'run', title: 'remove those that are empty', argv: ['rmdir', '--ignore-fail-on-non-empty', ...left]}];
  },
});
