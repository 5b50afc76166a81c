import * as z from 'zod';
import {taskReport} from './state.js';
import {API_VERSION, ContractError, declaredVersion, describeIssues} from './version.js';

/** What the leader knows, as it publishes it in the key-value store: the other instances answer their clients from it. */
export const publishedView = z.object({
  apiVersion: z.literal(API_VERSION),
  frameworkId: z.string().nullable(),
  connected: z.boolean(),
  /** Why it is not connected; empty when it is. */
  connection: z.string(),
  tasks: z.array(taskReport),
  /** The hash of the list of desired tasks. */
  desiredHash: z.string(),
  /** Task → the lines of `hw5 why`. */
  why: z.record(z.string(), z.array(z.string())),
  master: z.string().nullable(),
  /** The node whose instance published it. */
  leader: z.string(),
  /** The leader gets no answer at all from the Mesos master; an answer that rejects a request is one. */
  isMasterUnresponsive: z.boolean(),
});

export type PublishedView = z.infer<typeof publishedView>;

/**
 * Reads a published view; undefined when there is none, or when an instance of another version published it, as while hw5 replaces the
 * instances one by one.
 * @throws {ContractError} when it is of this version and does not follow the contract
 */
export function readPublishedView(document: unknown): PublishedView | undefined {
  if (declaredVersion(document) !== API_VERSION) return undefined;
  const result = publishedView.safeParse(document);
  if (result.success) return result.data;
  throw new ContractError('malformed', `what the leader published is not understood: ${describeIssues(result.error)}`);
}
