/** The bits of a packet's mark that Felix uses, in its order. */

/** A policy or profile has allowed the packet. */
export const ACCEPTED = '0x1000000';
/** A policy has passed the packet on to the profiles. */
export const PASSED = '0x2000000';
/** For rules with several nets: the packet is in all of them so far; it is in the one that is being compared. */
export const SCRATCH = {all: '0x4000000', block: '0x8000000', both: '0xc000000'} as const;

export const setMark = (bit: string): string => `-j MARK --set-xmark ${bit}/${bit}`;
export const clearMark = (bit: string): string => `-j MARK --set-xmark 0x0/${bit}`;
export const isSet = (bit: string): string => `-m mark --mark ${bit}/${bit}`;
export const isClear = (bit: string): string => `-m mark --mark 0x0/${bit}`;
