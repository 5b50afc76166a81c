import type {Command} from 'commander';

/** The global options. */
export interface GlobalOptions {
  readonly file?: string | undefined;
  /** The lab's cluster. */
  readonly lab?: boolean | undefined;
  readonly labName?: string | undefined;
  readonly json?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly acceptNewHostKeys?: boolean | undefined;
}

/** The options given before and after the command's name. */
export function optionsOf<T extends object = object>(command: Command): GlobalOptions & T {
  return command.optsWithGlobals() as GlobalOptions & T;
}
