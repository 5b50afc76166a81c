import {Hw5Error} from '../support/errors.js';

/**
 * The version of this contract. It is increased when a field is renamed or removed or changes its meaning, so that the other side
 * rejects the document by its version; a new field needs no new version.
 */
export const API_VERSION = 1;

/** The releases before the contract had a version wrote no `apiVersion`: their documents count as version 0. */
export const UNVERSIONED = 0;

/** How a document differs from what this program reads. */
export type Mismatch = 'older' | 'newer' | 'malformed';

/** A document of the other side is of another version of the contract, or does not follow it. */
export class ContractError extends Hw5Error {
  readonly mismatch: Mismatch;

  constructor(mismatch: Mismatch, message: string, hint?: string) {
    super(message, {hint});
    this.mismatch = mismatch;
  }
}

/** The version that a document declares; undefined when it is no object or its version is no whole number. */
export function declaredVersion(document: unknown): number | undefined {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return undefined;
  const {apiVersion = UNVERSIONED} = document as {apiVersion?: unknown};
  return Number.isInteger(apiVersion) ? (apiVersion as number) : undefined;
}

/** Every deviation from a schema with its path, as `tasks.0.address: Invalid IPv4 address`. */
export function describeIssues(error: {
  readonly issues: readonly {readonly path: readonly PropertyKey[]; readonly message: string}[];
}): string {
  return error.issues.map(({path, message}) => `${path.join('.') || 'the document'}: ${message}`).join('; ');
}
