// Bundles the programs that run on machines (not on the controller) into single executable files under dist/programs.
// A node needs only Node >= 18 (Debian 12's own) and no npm. CommonJS, because an executable without extension is CommonJS.

import {existsSync} from 'node:fs';
import {chmod, mkdir} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
/** program name -> entry point */
const programs = {
  'hw5-scheduler': 'src/framework/main.ts',
  'mesos-master': 'src/lab/mesos/master/main.ts',
  'mesos-agent': 'src/lab/mesos/agent/main.ts',
  calicoctl: 'src/lab/calico/calicoctl/main.ts',
  'calico-felix': 'src/lab/calico/agent/main.ts',
  'calico-libnetwork': 'src/lab/calico/plugin/main.ts',
};

await mkdir(`${root}dist/programs`, {recursive: true});
await Promise.all(
  Object.entries(programs).map(async ([name, entry]) => {
    if (!existsSync(root + entry)) return;
    const outfile = `${root}dist/programs/${name}`;
    await build({
      entryPoints: [root + entry],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node18',
      format: 'cjs',
      banner: {js: '#!/usr/bin/env node'},
      logLevel: 'warning',
      legalComments: 'inline',
    });
    await chmod(outfile, 0o755);
  }),
);
