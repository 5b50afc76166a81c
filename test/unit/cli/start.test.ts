import {build, type Metafile} from 'esbuild';
import {beforeAll, describe, expect, it} from 'vitest';
import {cliBundle} from '../../../scripts/cli-bundle.mjs';

describe('the start of hw5', () => {
  let metafile: Metafile;

  beforeAll(async () => {
    ({metafile} = await build({...cliBundle, outdir: 'dist', write: false, metafile: true as const}));
  });

  /** The source files in this output and in all that it imports statically. */
  function loadedWith(output: string, visited = new Set<string>()): Set<string> {
    if (visited.has(output)) return new Set();
    visited.add(output);
    const {inputs, imports} = metafile.outputs[output]!;
    const below = imports.filter((one) => one.kind === 'import-statement' && !one.external).map((one) => one.path);
    return new Set([...Object.keys(inputs), ...below.flatMap((path) => [...loadedWith(path, visited)])]);
  }

  function packagesIn(files: Iterable<string>): string[] {
    const names = [...files].map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
    return [...new Set(names)].filter((name) => name !== undefined).sort();
  }

  const outputOf = (entry: string): string =>
    Object.keys(metafile.outputs).find((path) => metafile.outputs[path]!.entryPoint === entry)!;

  it('loads no package but those of the command line, so that --version and --help are quick', () => {
    const files = loadedWith('dist/cli/main.js');
    expect(packagesIn(files)).toEqual(['chalk', 'commander']);
    expect([...files].filter((file) => /^src\/(?!cli\/|support\/|host\/command\.ts)/.test(file))).toEqual([]);
  });

  it('loads the code of a command with the command, and the SSH library when it connects', () => {
    const packages = packagesIn(loadedWith(outputOf('src/cli/commands/validate.ts')));
    expect(packages).toEqual(expect.arrayContaining(['yaml', 'zod']));
    expect(packages).not.toContain('ssh2');
    expect(packagesIn(loadedWith(outputOf('src/host/ssh-host.ts')))).toContain('ssh2');
  });
});
