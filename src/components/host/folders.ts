import type {Fact} from '../../engine/fact.js';
import {FILES} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {DATA, ETC, PROGRAMS, RESTORE} from '../places.js';

const FOLDERS = [DATA, PROGRAMS, RESTORE, ETC];

/** Folders in it do not count: they go first. */
function content(folder: string): Fact<'absent' | 'empty' | 'in use'> {
  return {
    service: FILES,
    script: `[ -d ${folder} ] || exit 3; ! find ${folder} ! -type d | grep -q .`,
    parse: ({code}) => (code === 3 ? 'absent' : code === 0 ? 'empty' : 'in use'),
  };
}

/** hw5's own folders: the first that come, the last that go. One that still holds something (etcd's data without --purge) stays. */
export const folders = defineComponent({
  name: 'folders',
  title: 'folders',
  needs: ['preflight'],
  targets: (cluster) => cluster.nodes,
  facts: () => Object.fromEntries(FOLDERS.map((folder) => [folder, content(folder)])),
  plan(observed) {
    const missing = FOLDERS.filter((folder) => observed[folder] === 'absent');
    return missing.length === 0 ? [] : [{kind: 'run', title: 'make them', argv: ['install', '-d', '-m', '0755', ...missing]}];
  },
  undo(observed) {
    const left = FOLDERS.filter((folder) => observed[folder] === 'empty');
    return left.length === 0
      ? []
      : [{kind: 'run', title: 'remove those that are empty', argv: ['rmdir', '--ignore-fail-on-non-empty', ...left]}];
  },
});
