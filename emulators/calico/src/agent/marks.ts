import {MARK} from './tables.js';

/** For rules with several nets: whether the packet is in all of them so far, and in those that are being compared. */
export const SCRATCH = {all: MARK.scratch, block: MARK.scratch2, both: '0xc000000'} as const;

export const setMark = (bit: string): string => `-j MARK --set-xmark ${bit}/${bit}`;
export const clearMark = (bit: string): string => `-j MARK --set-xmark 0x0/${bit}`;
export const isSet = (bit: string): string => `-m mark --mark ${bit}/${bit}`;
export const isClear = (bit: string): string => `-m mark --mark 0x0/${bit}`;
