import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const MAIN = fileURLToPath(new URL('../../src/agent/main.ts', import.meta.url));

/** Bundles the program mesos-agent for Node 18, like the build does: a bundle starts much faster than its sources with tsx. */
export async function bundleAgent(): Promise<string> {
  const options = {bundle: true, platform: 'node', target: 'node18', format: 'cjs', write: false} as const;
  const {outputFiles} = await build({...options, entryPoints: [MAIN]});
  return outputFiles[0]!.text;
}
