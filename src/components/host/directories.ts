import type {Fact} from '../../engine/fact.js';
import {FILES} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {DATA, ETC, PROGRAMS, RESTORE} from '../places.js';

const DIRECTORIES = [DATA, PROGRAMS, RESTORE, ETC];

/** hw5's own directories: made first, removed last. One that still has files (etcd's data without --purge) is kept. */
export const directories = defineComponent({
  name: 'directories',
  title: 'directories',
  needs: ['preflight'],
  targets: (cluster) => cluster.nodes,
  facts: () => Object.fromEntries(DIRECTORIES.map((path) => [path, content(path)])),
  plan(observed) {
    const missing = DIRECTORIES.filter((path) => observed[path] === 'absent');
    return missing.length === 0 ? [] : [{kind: 'run', title: 'make them', argv: ['install', '-d', '-m', '0755', ...missing]}];
  },
  undo(observed) {
    const empty = DIRECTORIES.filter((path) => observed[path] === 'empty');
    return empty.length === 0
      ? []
      : [{kind: 'run', title: 'remove those that are empty', argv: ['rmdir', '--ignore-fail-on-non-empty', ...empty]}];
  },
});

/** Subdirectories do not count as content: they are removed before. */
function content(path: string): Fact<'absent' | 'empty' | 'in use'> {
  return {
    service: FILES,
    script: `[ -d ${path} ] || exit 3; ! find ${path} ! -type d | grep -q .`,
    parse: ({code}) => (code === 3 ? 'absent' : code === 0 ? 'empty' : 'in use'),
  };
}
