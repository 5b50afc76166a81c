import * as z from 'zod';

/** `hw5 lab status --json` */
export const labStatusSchema = z.strictObject({
  name: z.string(),
  subnet: z.string(),
  isUp: z.boolean().describe('every machine runs and answers SSH'),
  machines: z.array(
    z.strictObject({
      name: z.string(),
      address: z.string(),
      isRunning: z.boolean(),
      answersSsh: z.boolean(),
      pid: z.int().optional().describe("of the machine's process 1, on the host of the lab"),
    }),
  ),
  cluster: z.string().describe('the path of the cluster file'),
});

/** `hw5 lab saved --json` */
export const labSavedSchema = z.array(
  z.strictObject({
    name: z.string(),
    savedAt: z.string().describe('RFC 3339'),
    bytes: z.int(),
    machines: z.int().describe('how many machines the lab has'),
    running: z.array(z.string()).describe('the machines that ran when it was saved'),
    subnet: z.string(),
  }),
);
