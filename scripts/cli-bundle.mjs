import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** ssh2 uses its native addons if they were built when it was installed, and works without them. */
const externalAddons = {
  name: 'external-addons',
  setup({onResolve}) {
    onResolve({filter: /\.node$/}, () => ({path: 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node', external: true}));
    onResolve({filter: /^cpu-features$/}, ({path}) => ({path, external: true}));
  },
};

/**
 * esbuild's options for hw5 itself: an entry point and chunks that are loaded when a command needs them.
 * Chunks have to be in a directory two levels below the package's root, as src/support is: packageFile() relies on it.
 */
export const cliBundle = {
  entryPoints: {'cli/main': `${root}src/cli/main.ts`, 'lab/host-packages': `${root}src/lab/host-packages.ts`},
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // what CommonJS packages use and an ES module does not have
  banner: {
    js: `import {createRequire as bundledRequire} from 'node:module';
const require = bundledRequire(import.meta.url);
const __filename = require('node:url').fileURLToPath(import.meta.url);
const __dirname = require('node:path').dirname(__filename);`,
  },
  plugins: [externalAddons],
  logLevel: 'warning',
  legalComments: 'inline',
};
