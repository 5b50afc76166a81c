import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {expect, it} from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Directories directly below one. */
function directoriesIn(path: string): string[] {
  return readdirSync(ROOT + path, {withFileTypes: true})
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

it("README.md's tree of src/ names every directory of its first two levels", () => {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  const tree = readme.slice(readme.indexOf('\nsrc/\n'), readme.indexOf('\nemulators/'));
  const directories = directoriesIn('src').flatMap((name) => [name, ...directoriesIn(`src/${name}`)]);
  expect(directories.filter((name) => !tree.includes(` ${name}/`))).toEqual([]);
});
