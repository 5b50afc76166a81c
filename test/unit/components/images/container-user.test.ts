import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {packageFile} from '../../../../src/support/template.js';

describe('the user of the containers', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-user-'));
  });
  afterEach(() => rm(directory, {recursive: true}));

  /** What the Dockerfile's lines on the user call, where the base has these users. */
  async function calls(user: string, known: readonly string[]): Promise<string[]> {
    const dockerfile = await readFile(packageFile('templates/images/docker-ssh/Dockerfile'), 'utf8');
    const [, lines = ''] = /\n( {4}id -u .*?) {4}printf '%s ALL/s.exec(dockerfile) ?? [];
    const log = `echo "$\{0##*/} $*" >>${directory}/calls`;
    const programs: Record<string, string> = {
      id: `case "$1 $2" in "-g "*) echo 34;; ${known.map((one) => `"-u ${one}") echo 34;;`).join(' ')} *) exit 1;; esac`,
      useradd: log,
      usermod: log,
      chown: log,
    };
    for (const [name, text] of Object.entries(programs))
      await writeFile(join(directory, name), `#!/bin/sh\n${text}\n`, {mode: 0o755});
    await mkdir(join(directory, 'home'));
    const script = `set -eu; ${lines.replaceAll('/home/', `${directory}/home/`)} true`;
    await promisify(execFile)('sh', ['-c', script], {env: {PATH: `${directory}:${process.env.PATH}`, USER_NAME: user}});
    return (await readFile(join(directory, 'calls'), 'utf8')).replaceAll(directory, '').trim().split('\n');
  }
  const login = (user: string) => [
    `usermod --append --groups sudo --shell /bin/bash --home /home/${user} ${user}`,
    `chown -R ${user}:34 /home/${user}`,
  ];

  it('is made if the base has none of that name', async () => {
    expect(await calls('zzw', ['backup'])).toEqual(['useradd zzw', ...login('zzw')]);
  });

  it.each(['backup', 'ubuntu'])('is the existing one of the base, with a home and a shell: %s', async (user) => {
    expect(await calls(user, ['backup', 'ubuntu'])).toEqual(login(user));
  });
});
