// Builds everything under dist/:
//   cli/       hw5 itself: main.js and the chunks that it loads when a command needs them
//   lab/       what scripts/setup.sh imports
//   programs/  the programs that hw5 installs on nodes, one executable file each
//   emulators/ what the lab installs in its machines: per emulator its programs and install.json
//   vendor/    files of npm packages that hw5 copies to nodes
//   THIRD-PARTY-LICENSES.txt  of all packages whose code is in these files

import {cp, mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';
import {cliBundle} from './cli-bundle.mjs';
import {buildEmulators} from './emulators.mjs';
import {licensesOf, packagesIn} from './licenses.mjs';
import {buildNodePrograms} from './node-programs.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** program name -> entry point */
const programs = {
  'hw5-scheduler': `${root}src/framework/main.ts`,
  'configurable-http-proxy': `${root}src/proxy/main.ts`,
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

metafiles.push(...(await buildNodePrograms(programs, `${root}dist/programs`, {plugins: [inlinePackageJson]})));
metafiles.push(...(await buildEmulators(root)));

const packages = packagesIn([
  ...metafiles.flatMap(({inputs}) => Object.keys(inputs)),
  ...vendored.map((file) => `node_modules/${file}`),
]);
await writeFile(`${root}dist/THIRD-PARTY-LICENSES.txt`, await licensesOf(packages, root));
await removeStale(cli.metafile);

/** Removes what earlier builds left under dist/: chunks have other names when their content changes. */
async function removeStale({outputs}) {
  await keepOnly('', ['cli', 'emulators', 'lab', 'programs', 'vendor', 'THIRD-PARTY-LICENSES.txt']);
  await keepOnly(
    '/cli',
    Object.keys(outputs).map((file) => basename(file)),
  );
  await keepOnly('/programs', [...Object.keys(programs), 'package.json']);
}

async function keepOnly(directory, names) {
  for (const file of await readdir(`${root}dist${directory}`)) {
    if (!names.includes(file)) await rm(`${root}dist${directory}/${file}`, {recursive: true});
  }
}
