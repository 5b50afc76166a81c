import {Hw5Error} from '../support/errors.js';

/** The master rejected a request or did not answer. */
export class MesosError extends Hw5Error {
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, {cause});
    this.status = status;
  }
}
