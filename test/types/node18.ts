// Compiled with every project for Node 18: where types of a newer Node leak in, an expected error is missing, and tsc fails.
import {promises, type WriteFileOptions} from 'node:fs';

// @ts-expect-error: since Node 21 and 20.10
export const options: WriteFileOptions = {flush: true};
// @ts-expect-error: since Node 22
export const {glob} = promises;
// @ts-expect-error: since Node 20
export const sorted = [2, 1].toSorted();
