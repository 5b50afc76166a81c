import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {embeddedScripts} from '../test/support/embedded-scripts.js';

// Runs shellcheck on every shell script of the repository: files, and strings in TypeScript that hw5 sends to hosts. Part of `npm run check`.

/** SC1091: files of a host cannot be read here. SC2016: many scripts contain scripts for another shell, in single quotes. */
const EXCLUDED = 'SC1091,SC2016';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Paths of the files below these directories that are shell scripts, by name or by first line. */
function scriptFiles(...directories: readonly string[]): readonly string[] {
  return directories
    .flatMap((directory) => readdirSync(join(ROOT, directory), {recursive: true, withFileTypes: true}))
    .filter((entry) => entry.isFile())
    .map(({parentPath, name}) => relative(ROOT, join(parentPath, name)))
    .filter((file) => file.endsWith('.sh') || /^#!.*\b(ba|da)?sh\b/.test(readFileSync(join(ROOT, file), 'utf8').slice(0, 100)));
}

/** Script → name. `{{name}}` in a template is replaced by the name, as any value would replace it. */
async function collect(): Promise<ReadonlyMap<string, string>> {
  const files = scriptFiles('templates', 'scripts', 'emulators').map((file) => {
    const content = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\{\{(\w+)\}\}/g, '$1');
    return [file, content] as const;
  });
  const embedded = (await embeddedScripts()).map(({name, script}, index) => {
    const place = `embedded/${name.replaceAll(/[^\w./-]+/g, '-').slice(0, 80)}-${index}`;
    return [place, `# shellcheck shell=sh\n${script}\n`] as const;
  });
  return new Map([...files, ...embedded]);
}

const directory = mkdtempSync(join(tmpdir(), 'hw5-shellcheck-'));
try {
  const scripts = await collect();
  for (const [name, content] of scripts) {
    mkdirSync(dirname(join(directory, name)), {recursive: true});
    writeFileSync(join(directory, name), content);
  }
  // one process for all
  const args = ['--norc', '--format=gcc', `--exclude=${EXCLUDED}`, ...scripts.keys()];
  const {error, status, stdout, stderr} = spawnSync('shellcheck', args, {cwd: directory, encoding: 'utf8'});
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    process.stderr.write('shellcheck is missing: run `apt-get install shellcheck` or `scripts/setup.sh test`\n');
  } else if (error) throw error;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  if (status === 0) process.stdout.write(`Checked ${scripts.size} shell scripts. No findings.\n`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, {recursive: true});
}
