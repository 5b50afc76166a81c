import type {Command} from 'commander';

/** Options that every command on a cluster takes. */
export interface GlobalOptions {
  readonly file?: string | undefined;
  /** The lab's cluster. */
  readonly lab?: boolean | undefined;
  readonly labName?: string | undefined;
  readonly json?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly acceptNewHostKeys?: boolean | undefined;
}

/** The options given before and behind the command's name. */
export function optionsOf<T extends object = object>(command: Command): GlobalOptions & T {
  return command.optsWithGlobals() as GlobalOptions & T;
}
