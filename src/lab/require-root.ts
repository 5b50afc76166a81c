import {Hw5Error} from '../support/errors.js';
import {labObstacle} from './possible.js';

/** @param action the command as the user types it: `lab up` */
export function requireRoot(action: string): void {
  if (process.getuid?.() === 0) return;
  throw new Hw5Error(`the machines of a lab need root: type \`sudo hw5 ${action}\``);
}

/** @throws Hw5Error where machines cannot be made here, even by root */
export async function requireLabPossible(): Promise<void> {
  const obstacle = await labObstacle();
  if (obstacle !== undefined) throw new Hw5Error(`no lab can be made here: ${obstacle}`);
}
