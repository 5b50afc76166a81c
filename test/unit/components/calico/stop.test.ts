import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {template} from '../../../../src/support/template.js';

/** Its last part. The others change this machine. */
const REMOVE_SETS = `if command -v ipset ${template('calico/stop.sh').split('\nif command -v ipset ')[1]}`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-stop-'));
});
afterEach(() => rm(directory, {recursive: true}));

/** The sets that are destroyed where an attempt for each set succeeds under this condition. @throws when the script fails */
async function destroyed(condition: string): Promise<string[]> {
  const ipset = `case $1 in
  list) printf '%s\\n' cali40a mine cali40b ;;
  destroy) echo "$2" >>${directory}/tried; ${condition} && echo "$2" >>${directory}/destroyed ;;
esac`;
  for (const [name, text] of [
    ['ipset', ipset],
    ['sleep', ''],
  ])
    await writeFile(join(directory, name!), `#!/bin/sh\n${text}\n`, {mode: 0o755});
  await writeFile(join(directory, 'destroyed'), '');
  await promisify(execFile)('sh', ['-c', REMOVE_SETS], {env: {...process.env, PATH: `${directory}:${process.env['PATH']}`}});
  return (await readFile(join(directory, 'destroyed'), 'utf8')).trim().split('\n').filter(Boolean);
}

it("removes Calico's sets, and tries again where the kernel has not released one yet", async () => {
  expect(await destroyed('true')).toEqual(['cali40a', 'cali40b']);
  await rm(join(directory, 'tried'));
  expect(await destroyed(`[ "$(grep -c "$2" ${directory}/tried)" -eq 2 ]`)).toEqual(['cali40a', 'cali40b']);
});

it('succeeds though a set is still used: the next Felix takes it over', async () => {
  expect(await destroyed('false')).toEqual([]);
});
