import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
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

it('docs/decisions/README.md lists every decision with the date and status of its file', () => {
  const index = readFileSync(`${ROOT}docs/decisions/README.md`, 'utf8');
  const files = readdirSync(`${ROOT}docs/decisions`).filter((name) => name !== 'README.md');
  const rows = files.map((name) => {
    const [, number, title, date, status] = /^# (\d+)\. (.*)\n\n(\d{4}-\d\d-\d\d) · (accepted|superseded by \[.*?\]\(.*?\))/.exec(
      readFileSync(`${ROOT}docs/decisions/${name}`, 'utf8'),
    )!;
    expect(name.startsWith(`${number!.padStart(4, '0')}-`), name).toBe(true);
    return `| [${number}](${name}) | ${date} | ${status} | ${title} |`;
  });
  expect(index.split('\n').filter((line) => line.startsWith('| ['))).toEqual(rows);
});

it.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownIn('docs'), ...markdownIn('docs/decisions')])(
  'the links of %s to files of the repository are valid',
  (file) => {
    const text = readFileSync(ROOT + file, 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => join(dirname(file), match[1]!));
    expect(targets.filter((target) => !existsSync(ROOT + target))).toEqual([]);
  },
);

function markdownIn(directory: string): string[] {
  return readdirSync(ROOT + directory)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${directory}/${name}`);
}
