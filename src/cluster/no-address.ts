import type {Address} from '../support/address.js';

/** The address in a draft that is missing or unusable. A loaded cluster never contains it, because the checks report it. */
export const NO_ADDRESS = '' as Address;
