// Part of every project for Node 18. Where the types or the library of a newer Node get in, these errors are missing, and the compiler reports that.
import {promises, type WriteFileOptions} from 'node:fs';

// @ts-expect-error: since Node 21
export const options: WriteFileOptions = {flush: true};
// @ts-expect-error: since Node 22
export const {glob} = promises;
// @ts-expect-error: since Node 20
export const sorted = [2, 1].toSorted();
