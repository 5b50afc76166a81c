import * as z from 'zod';

/** `hw5 notebook --json` */
export const notebookSchema = z.strictObject({
  token: z.string(),
  urls: z.array(z.string()).describe('one for each node with a proxy, with the token'),
});
