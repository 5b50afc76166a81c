import {Hw5Error} from '../support/errors.js';

/** @param action what was to be done, as typed: `lab up` */
export function requireRoot(action: string): void {
  if (process.getuid?.() === 0) return;
  throw new Hw5Error(`making machines and networks needs root: type \`sudo hw5 ${action}\``);
}
