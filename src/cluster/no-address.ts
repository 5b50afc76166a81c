import type {Address} from '../support/address.js';

/** Stands in a draft where an address is missing or unusable. A loaded cluster never contains it: the checks report each. */
export const NO_ADDRESS = '' as Address;
