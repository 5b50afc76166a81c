import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {packageFile} from '../../src/support/template.js';
import {embeddedScripts} from '../support/embedded-scripts.js';

const sources = readdirSync(packageFile('src'), {recursive: true, encoding: 'utf8'})
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => ({path, text: readFileSync(join(packageFile('src'), path), 'utf8')}));
const names = (await embeddedScripts()).map(({name}) => name);

it('shellcheck gets the script of every action of a component', () => {
  const titles = sources.flatMap(({path, text}) =>
    [...text.matchAll(/kind: 'script',\s*title:\s*(['"`])(.*?)\1/gs)].map(([, , title = '']) => ({
      path,
      // up to the first value, in the source's own quotes
      title: title.split('${')[0]!.replaceAll('\\', ''),
    })),
  );
  expect(titles.length).toBeGreaterThan(10);
  expect(titles.filter(({title}) => !names.some((name) => name.includes(`/${title}`)))).toEqual([]);
});

it('shellcheck gets the facts of every component', () => {
  const components = new Set(names.filter((name) => name.includes('/fact ')).map((name) => name.split('/')[0]));
  for (const component of ['preflight', 'etcd', 'docker', 'calico', 'mesos-agent', 'proxy', 'scheduler', 'firewall'])
    expect(components).toContain(component);
});

/** Files that start a shell with a script; test/support/embedded-scripts.ts gets the script from each. */
const RUN_SHELL = [
  // `cat` of one file
  'cli/commands/notebook.ts',
  'engine/held-host.ts',
  'engine/lock.ts',
  'engine/observe.ts',
  'engine/perform.ts',
  'engine/unit-failure.ts',
  'engine/wait.ts',
  'firewall/http-responder.ts',
  'firewall/install-change.ts',
  'host/command.ts',
  'host/files.ts',
  'host/sudo.ts',
  'host/tagged-command.ts',
  'lab/base/base.ts',
  'lab/machine/freeze.ts',
  'lab/machine/renew.ts',
  'logs/read.ts',
  'tasks/container.ts',
];

it('shellcheck knows all files that start a shell', () => {
  const found = sources.filter(({text}) => /'sh', \[?'-[cs]'|\bscript\((root|host|fresh)\b/.test(text));
  expect(found.map(({path}) => path)).toEqual(RUN_SHELL);
});
