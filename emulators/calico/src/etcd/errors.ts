/** An error that an etcd v2 server replied. Codes: etcd's Documentation/v2/errorcode.md. */
export class EtcdError extends Error {
  readonly code: number;
  /** The store's index at that moment. */
  readonly index: number;

  constructor(code: number, message: string, index: number) {
    super(message);
    this.name = 'EtcdError';
    this.code = code;
    this.index = index;
  }
}

export const KEY_NOT_FOUND = 100;
export const COMPARE_FAILED = 101;
export const NODE_EXISTS = 105;
export const EVENT_INDEX_CLEARED = 401;

export function isEtcdError(error: unknown, code: number): boolean {
  return error instanceof EtcdError && error.code === code;
}

/** No member replied. The message is that of etcd's Go client, which `calicoctl` prints; it ends with a line feed. */
export class EtcdUnavailableError extends Error {
  constructor(failures: readonly string[]) {
    super(
      `client: etcd cluster is unavailable or misconfigured; ${failures.map((failure, i) => `error #${i}: ${failure}\n`).join('')}`,
    );
    this.name = 'EtcdUnavailableError';
  }
}
