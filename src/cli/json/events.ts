import * as z from 'zod';

const steps = z.array(z.strictObject({name: z.string(), hosts: z.array(z.string())}));
const error = z.strictObject({message: z.string(), text: z.string().describe('the error as hw5 prints it for people')});
const elapsedMs = z.number();

/** One line of `--json` of `up`, `down`, `scale`, and of `lab up`, `lab down`, `lab save` and `lab restore` */
export const eventSchema = z.discriminatedUnion('type', [
  z
    .strictObject({type: z.literal('scale'), counts: z.record(z.string(), z.int()), file: z.string(), diff: z.string()})
    .describe('the first line of `scale`: the change of the cluster file'),
  z.strictObject({
    type: z.literal('start'),
    run: z.enum(['up', 'down', 'plan', 'save', 'restore']),
    hosts: z.array(z.string()),
    steps,
  }),
  z.strictObject({type: z.literal('more-steps'), steps}).describe('steps that remove what the host of a lost role contains'),
  z.strictObject({type: z.literal('connected'), host: z.string(), elapsedMs}),
  z.strictObject({type: z.literal('step-start'), step: z.string(), title: z.string(), host: z.string()}),
  z.strictObject({
    type: z.literal('action'),
    step: z.string(),
    host: z.string(),
    action: z.string(),
    script: z.string().optional(),
  }),
  z.strictObject({type: z.literal('waiting'), step: z.string(), host: z.string(), reason: z.string()}),
  z.strictObject({
    type: z.literal('step-end'),
    step: z.string(),
    title: z.string(),
    host: z.string(),
    outcome: z
      .enum(['unchanged', 'changed', 'failed', 'blocked', 'interrupted'])
      .describe('blocked: a step that it needs failed, or its host is unreachable'),
    elapsedMs,
    error: error.optional(),
  }),
  z
    .strictObject({
      type: z.literal('end'),
      changed: z.int(),
      unchanged: z.int(),
      failed: z.int(),
      blocked: z.int(),
      elapsedMs,
    })
    .describe('the last line of a run that was not interrupted'),
  z.strictObject({type: z.literal('asking'), question: z.string()}).describe('hw5 prompts for a password on the terminal'),
  z.strictObject({type: z.literal('answered')}),
  z
    .strictObject({type: z.literal('aborted'), elapsedMs})
    .describe('the last line of a run that was interrupted or could not start'),
]);
