import {CommandFailure, type Io} from './io.js';

/** @throws CommandFailure unless calicoctl runs as root */
export function requireRoot(io: Io): void {
  if (!io.isRoot) throw new CommandFailure('Need super user privileges: Operation not permitted');
}
