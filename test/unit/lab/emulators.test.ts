import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {emulators} from '../../../src/lab/emulators.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-emulators-'));
});
afterEach(() => rm(directory, {recursive: true, force: true}));

async function write(name: string, install: unknown): Promise<void> {
  await mkdir(join(directory, name), {recursive: true});
  await writeFile(join(directory, name, 'install.json'), typeof install === 'string' ? install : JSON.stringify(install));
}

const valid = (name: string) => ({
  packages: [`${name}-package`],
  files: [
    {path: `/usr/bin/${name}`, mode: 0o755, program: name},
    {path: `/etc/${name}`, mode: 0o644, text: ''},
  ],
  enable: [`${name}.service`],
});

it('all built emulators are joined, with their programs next to their install.json', async () => {
  await write('b', valid('b'));
  await write('a', valid('a'));
  expect(await emulators(directory)).toEqual({
    packages: ['a-package', 'b-package'],
    files: [
      {path: '/usr/bin/a', mode: 0o755, program: join(directory, 'a/a')},
      {path: '/etc/a', mode: 0o644, text: ''},
      {path: '/usr/bin/b', mode: 0o755, program: join(directory, 'b/b')},
      {path: '/etc/b', mode: 0o644, text: ''},
    ],
    enable: ['a.service', 'b.service'],
  });
});

const hint = 'run `npm run build` in the directory of hw5';

it('an error names the missing directory where nothing was built', async () => {
  const missing = join(directory, 'emulators');
  const message = `the emulators that the lab needs are not built: ${missing} is missing`;
  await expect(emulators(missing)).rejects.toMatchObject({message, hint});
});

it('an error names the missing file where one emulator was not built', async () => {
  await mkdir(join(directory, 'mesos'));
  const message = `an emulator that the lab needs is not built: ${join(directory, 'mesos/install.json')} cannot be read`;
  await expect(emulators(directory)).rejects.toMatchObject({message, hint});
});

it.each([
  ['a field is missing', {packages: [], files: []}, '→ at enable'],
  ['a field is unknown', {...valid('x'), disable: []}, '"disable"'],
  ['a path is relative', {...valid('x'), files: [{path: 'x', mode: 0o644, text: ''}]}, '→ at files[0].path'],
  [
    'a file has neither program nor text',
    {...valid('x'), files: [{path: '/x', mode: 0o644}]},
    'exactly one of `program` and `text`',
  ],
  ['it is not JSON', '{', 'JSON'],
])('an install.json of another build is an error: %s', async (_, install, detail) => {
  await write('x', install);
  await expect(emulators(directory)).rejects.toMatchObject({
    message: expect.stringMatching(/\/x\/install\.json is not what this hw5 reads/),
    hint,
  });
  await expect(emulators(directory)).rejects.toThrow(detail);
});
