import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {build} from 'esbuild';

/**
 * Bundles programs for nodes, one executable file each. A node needs only Node.js 18 or newer, Debian 12's own, and no npm. CommonJS,
 * because Node.js takes an executable without extension for CommonJS.
 * @param programs name -> entry point @returns what esbuild reports of each bundle
 */
export async function buildNodePrograms(programs, outdir, {plugins = []} = {}) {
  await mkdir(outdir, {recursive: true});
  // So that they can also be started in dist/: the package.json of hw5 has "type": "module".
  await writeFile(`${outdir}/package.json`, '{"type": "commonjs"}\n');
  const bundles = Object.entries(programs).map(async ([name, entry]) => {
    const outfile = `${outdir}/${name}`;
    const {metafile} = await build({
      entryPoints: [entry],
      outfile,
      metafile: true,
      bundle: true,
      platform: 'node',
      target: 'node18',
      format: 'cjs',
      // CommonJS has no import.meta; configurable-http-proxy calls createRequire() and finds its error pages with it.
      define: {'import.meta.url': 'bundleUrl'},
      banner: {js: `#!/usr/bin/env node\nconst bundleUrl = require('node:url').pathToFileURL(__filename).href;`},
      plugins,
      logLevel: 'warning',
      legalComments: 'inline',
    });
    await chmod(outfile, 0o755);
    return metafile;
  });
  return Promise.all(bundles);
}
