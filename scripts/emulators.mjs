import {readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {build} from 'esbuild';
import {buildNodePrograms} from './node-programs.mjs';

/**
 * Builds every workspace under emulators/ into dist/emulators/<name>/: its programs, and install.json, which lists what the lab installs of it
 * in a machine (the format is in src/lab/preinstalled.ts). The `hw5` field of the workspace's package.json names the entry points:
 *   "programs": {"<name>": "<source file>"}
 *   "install": the source file that exports the content of install.json as `install`
 * @returns what esbuild reports of each bundle
 */
export async function buildEmulators(root) {
  const names = (await readdir(`${root}emulators`)).sort();
  const metafiles = await Promise.all(
    names.map((name) => buildEmulator(`${root}emulators/${name}`, `${root}dist/emulators/${name}`)),
  );
  // what an earlier build left of an emulator that no longer exists
  for (const name of await readdir(`${root}dist/emulators`)) {
    if (!names.includes(name)) await rm(`${root}dist/emulators/${name}`, {recursive: true});
  }
  return metafiles.flat();
}

async function buildEmulator(workspace, outdir) {
  const {programs, install} = JSON.parse(await readFile(`${workspace}/package.json`, 'utf8')).hw5;
  const entries = Object.entries(programs).map(([name, source]) => [name, `${workspace}/${source}`]);
  const metafiles = await buildNodePrograms(Object.fromEntries(entries), outdir);
  const content = await exported(`${workspace}/${install}`);
  const unknown = content.files.find(({program}) => program !== undefined && !Object.hasOwn(programs, program));
  if (unknown) throw new Error(`${workspace}/${install}: package.json has no program ${unknown.program}`);
  await writeFile(`${outdir}/install.json`, `${JSON.stringify(content, undefined, 2)}\n`);
  return metafiles;
}

/** What a TypeScript module exports as `install`. */
async function exported(file) {
  const {outputFiles} = await build({entryPoints: [file], bundle: true, write: false, format: 'esm', platform: 'node'});
  return (await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)).install;
}
