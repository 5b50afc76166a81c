import * as z from 'zod';

/** One line of `hw5 logs --json` */
export const logLineSchema = z.strictObject({node: z.string(), line: z.string()});
