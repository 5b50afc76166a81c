import {Hw5Error, Hw5Errors} from '../support/errors.js';
import type {Flaw} from './flaws.js';
import type {Proof} from './proof.js';

/** A flaw as the error that ends the command. */
export function flawError({node, what, hint}: Flaw): Error {
  return new Hw5Error(`${node}: ${what}`, {hint});
}

/** One error for each proof that failed. */
export function proofErrors(proofs: readonly Proof[]): readonly Error[] {
  return proofs
    .filter((proof) => !proof.isOk)
    .map(({node, rule, rows, doubts}) => {
      const wrong = rows.filter((row) => !row.isOk).length;
      const what = wrong > 0 ? `${wrong} of ${rows.length} probes went otherwise than the rules say` : doubts.join('; ');
      return new Hw5Error(`rule ${rule.id} on ${node}: ${what}`, {
        hint: 'another firewall may be in the way, or a service down: the table shows which, `iptables-save -c` on the node what caught it',
      });
    });
}

/** Throws all errors as one. An error that is not an Hw5Error is a bug: it is thrown alone, with its stack. */
export function throwAll(errors: readonly Error[]): void {
  const bug = errors.find((error) => !(error instanceof Hw5Error));
  if (bug) throw bug;
  if (errors.length === 1) throw errors[0]!;
  if (errors.length > 1) throw new Hw5Errors(errors as Hw5Error[]);
}
