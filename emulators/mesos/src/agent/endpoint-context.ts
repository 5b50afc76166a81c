import type {Flags} from '../common/flags.js';
import type {Agent} from './agent.js';

/** What the HTTP endpoints of an agent read. */
export interface EndpointContext {
  readonly agent: Agent;
  readonly flags: Flags;
  readonly ip: string;
  /** The host of the master. */
  readonly master: string;
  readonly startedAt: number;
  now(): number;
  isRegistered(): boolean;
}
