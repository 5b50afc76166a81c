import * as z from 'zod';
import {taskReport} from '../../scheduler-api/state.js';

/** `hw5 why --json` */
export const whySchema = z.strictObject({
  name: z.string(),
  task: taskReport.optional().describe('missing if no scheduler answers'),
  isWell: z.boolean(),
  why: z.array(z.string()).describe("the framework's reasons, the most important first"),
  findings: z.array(z.string()).describe('problems on the nodes that the task needs'),
  lastEnd: z
    .strictObject({
      node: z.string(),
      exitCode: z.int(),
      wasKilledForMemory: z.boolean(),
      startError: z.string().optional().describe('why docker could not start it'),
      lines: z.array(z.string()),
    })
    .optional()
    .describe("how the task's last container terminated, and the last lines of its output"),
});
