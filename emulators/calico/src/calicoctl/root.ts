import {CommandFailure, type Io} from './io.js';

/** Ends the command unless it runs as root. */
export function requireRoot(io: Io): void {
  if (!io.isRoot) throw new CommandFailure('Need super user privileges: Operation not permitted');
}
