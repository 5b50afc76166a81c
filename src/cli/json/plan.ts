import * as z from 'zod';

/** `hw5 plan --json` */
export const planSchema = z.array(
  z.strictObject({
    step: z.string(),
    host: z.string(),
    actions: z.array(
      z.strictObject({
        kind: z.enum(['run', 'script', 'write', 'upload', 'download', 'fetch', 'feed', 'remove', 'systemctl']),
        description: z.string(),
        path: z.string().optional().describe('of `write`'),
        mode: z.string().optional().describe('of `write`: the permissions, octal'),
        content: z.string().optional().describe('of `write`; a secret is `***`'),
        before: z.string().optional().describe('of `write`: the current content, if the file exists'),
      }),
    ),
    waitFor: z.string().optional().describe('what `up` would wait for after the actions'),
    error: z.string().optional(),
  }),
);
