import type {BuildOptions} from 'esbuild';

export const cliBundle: BuildOptions & {readonly bundle: true; readonly splitting: true};
