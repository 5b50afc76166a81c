// Builds everything under dist/:
//   cli/       hw5 itself: main.js and the chunks that it loads when a command needs them
//   lab/       what scripts/setup.sh imports
//   programs/  the programs that run on nodes and in machines of the lab, one executable file each
//   vendor/    files of npm packages that hw5 copies to nodes
//   THIRD-PARTY-LICENSES.txt  of all packages whose code is in these files

import {existsSync} from 'node:fs';
import {chmod, cp, mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {cliBundle} from './cli-bundle.mjs';
import {licensesOf, packagesIn} from './licenses.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** program name -> entry point */
const programs = {
  'hw5-scheduler': 'src/framework/main.ts',
  'mesos-master': 'emulators/mesos/src/master/main.ts',
  'mesos-agent': 'emulators/mesos/src/agent/main.ts',
  calicoctl: 'emulators/calico/src/calicoctl/main.ts',
  'calico-felix': 'emulators/calico/src/agent/main.ts',
  'calico-libnetwork': 'emulators/calico/src/plugin/main.ts',
  'configurable-http-proxy': 'src/proxy/main.ts',
};

/** configurable-http-proxy reads its own package.json for --version at run time; the bundle contains these values instead. */
const inlinePackageJson = {
  name: 'inline-package-json',
  setup({onLoad}) {
    onLoad({filter: /configurable-http-proxy\/bin\/configurable-http-proxy$/}, async ({path}) => {
      const text = await readFile(path, 'utf8');
      const read = 'require("../package.json")';
      if (!text.includes(read))
        throw new Error(`${path} no longer contains ${read}: adapt inlinePackageJson to how it reads its version now`);
      const {name, version} = JSON.parse(await readFile(new URL('../package.json', `file://${path}`), 'utf8'));
      return {contents: text.replace(read, JSON.stringify({name, version})), loader: 'js'};
    });
  },
};

/** Files that hw5 copies to nodes as they are; src/support/npm-file.ts finds them. */
const vendored = ['@xterm/xterm/lib/xterm.js', '@xterm/xterm/css/xterm.css', '@xterm/addon-fit/lib/addon-fit.js'];

/** What esbuild reports of each bundle. */
const metafiles = [];

for (const file of vendored) {
  await mkdir(dirname(`${root}dist/vendor/${file}`), {recursive: true});
  await cp(`${root}node_modules/${file}`, `${root}dist/vendor/${file}`);
}

const cli = await build({...cliBundle, outdir: `${root}dist`, metafile: true});
metafiles.push(cli.metafile);

// A node needs only Node >= 18 (Debian 12's own) and no npm. CommonJS, because an executable without extension is CommonJS.
await mkdir(`${root}dist/programs`, {recursive: true});
// So that they also run from here, beneath a package.json that says "module".
await writeFile(`${root}dist/programs/package.json`, '{"type": "commonjs"}\n');
await Promise.all(
  Object.entries(programs).map(async ([name, entry]) => {
    if (!existsSync(root + entry)) return;
    const outfile = `${root}dist/programs/${name}`;
    const {metafile} = await build({
      entryPoints: [root + entry],
      outfile,
      metafile: true,
      bundle: true,
      platform: 'node',
      target: 'node18',
      format: 'cjs',
      // CommonJS has no import.meta; the proxy's createRequire() and its directory of default error pages depend on it.
      define: {'import.meta.url': 'bundleUrl'},
      banner: {js: `#!/usr/bin/env node\nconst bundleUrl = require('node:url').pathToFileURL(__filename).href;`},
      plugins: [inlinePackageJson],
      logLevel: 'warning',
      legalComments: 'inline',
    });
    metafiles.push(metafile);
    await chmod(outfile, 0o755);
  }),
);

/** What each emulator installs in a machine, as data: hw5 knows nothing else about it. */
for (const name of ['calico', 'mesos']) {
  const {outputFiles} = await build({
    entryPoints: [`${root}emulators/${name}/src/install.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  await writeFile(`${root}dist/programs/${name}.install.json`, JSON.stringify(module[`${name}Install`]));
}

const packages = packagesIn([
  ...metafiles.flatMap(({inputs}) => Object.keys(inputs)),
  ...vendored.map((file) => `node_modules/${file}`),
]);
await writeFile(`${root}dist/THIRD-PARTY-LICENSES.txt`, await licensesOf(packages, root));
await removeStale(cli.metafile);

/** Removes what earlier builds left under dist/: chunks have other names when their content changes. */
async function removeStale({outputs}) {
  const current = new Set(Object.keys(outputs).map((file) => basename(file)));
  for (const file of await readdir(`${root}dist/cli`)) {
    if (!current.has(file)) await rm(`${root}dist/cli/${file}`, {recursive: true});
  }
  const parts = new Set(['cli', 'lab', 'programs', 'vendor', 'THIRD-PARTY-LICENSES.txt']);
  for (const part of await readdir(`${root}dist`)) {
    if (!parts.has(part)) await rm(`${root}dist/${part}`, {recursive: true});
  }
}
