import type {ServerResponse} from 'node:http';
import type {Flags} from '../common/flags.js';
import type {MediaType} from '../common/media-types.js';
import type {MessageSpec} from '../common/message.js';
import type {Context} from './context.js';
import type {Credentials} from './credentials.js';
import type {Input} from './state-machine.js';

export interface Security {
  readonly credentials: Credentials;
  readonly isFrameworkAuthenticated: boolean;
  readonly isReadAuthenticated: boolean;
  readonly isWriteAuthenticated: boolean;
}

/** What the HTTP APIs use of the master. */
export interface MasterAccess {
  readonly context: Context;
  readonly flags: Flags;
  readonly security: Security;
  /** Passes an input to the state machine. */
  handle(input: Input): void;
  /** Turns a response into a stream of events, which are described by a spec. @returns the stream's id */
  openStream(response: ServerResponse, mediaType: MediaType, spec: MessageSpec): string;
  /** The same for the messages to an agent. */
  openAgentStream(response: ServerResponse): string;
}
