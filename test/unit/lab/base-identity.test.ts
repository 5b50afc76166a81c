import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, expect, it} from 'vitest';
import {baseAt} from '../../../src/lab/base/base.js';
import {baseIdentity} from '../../../src/lab/base/identity.js';

const made: string[] = [];
afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, {recursive: true});
});

/** The identity of a base that contains these files besides the usual ones. */
async function identityOf(files: Record<string, string>): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), 'hw5-base-'));
  made.push(cache);
  const base = baseAt({cache, state: '', saves: '', run: '', emulators: ''}, 'key');
  const all = {'var/lib/dpkg/status': 'Package: bird\nVersion: 1.6.8\n', 'etc/passwd': 'hw5:x:1000\n', 'etc/group': '', ...files};
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(base.tree, path)), {recursive: true});
    await writeFile(join(base.tree, path), text);
  }
  return baseIdentity(base);
}

it('two bases with the same packages and users have the same identity, wherever they are', async () => {
  expect(await identityOf({})).toBe(await identityOf({'var/log/dpkg.log': 'built at another time'}));
});

it.each([
  ['version of a package', {'var/lib/dpkg/status': 'Package: bird\nVersion: 1.6.9\n'}],
  ['user id', {'etc/passwd': 'hw5:x:1001\n'}],
  ['group', {'etc/group': 'docker:x:100\n'}],
])('another %s makes another identity', async (_, files) => {
  expect(await identityOf(files)).not.toBe(await identityOf({}));
});
