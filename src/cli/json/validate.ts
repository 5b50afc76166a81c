import * as z from 'zod';

/** `hw5 validate --json` of a valid file: the cluster with all defaults. Of its settings only these are a stable interface. */
export const clusterSchema = z.looseObject({
  name: z.string(),
  nodes: z.array(z.looseObject({name: z.string(), address: z.string(), roles: z.array(z.string())})),
  network: z.looseObject({name: z.string(), subnet: z.string()}),
  framework: z.looseObject({
    name: z.string(),
    tasks: z.array(z.looseObject({name: z.string(), image: z.string(), address: z.string()})),
  }),
});

/** `hw5 validate --json` of an invalid file */
export const errorsSchema = z.strictObject({
  errors: z.array(
    z.strictObject({
      message: z.string(),
      hint: z.string().optional(),
      file: z.string().optional(),
      line: z.int().optional(),
      column: z.int().optional(),
      path: z.string().optional().describe('where in the file: `nodes[0].address`'),
    }),
  ),
});
