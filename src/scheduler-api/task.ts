import * as z from 'zod';

/** Names of tasks and of the framework: Mesos allows no slash in a task id, and Docker only these characters in a host name. */
export const taskName = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'use small letters, digits, dots and dashes');
const seconds = z.number().positive();

const healthCheck = z.strictObject({
  type: z.enum(['http', 'tcp']),
  port: z.number().int().min(1).max(65_535),
  path: z.string().startsWith('/').default('/'),
  graceSeconds: seconds.default(60),
  intervalSeconds: seconds.default(5),
  timeoutSeconds: seconds.default(5),
  failures: z.number().int().min(1).default(3),
});

const volume = z.strictObject({
  host: z.string().startsWith('/'),
  container: z.string().startsWith('/'),
  mode: z.enum(['ro', 'rw']).default('rw'),
});

/** One task that the framework is to keep running. */
export const taskSpec = z.strictObject({
  name: taskName,
  image: z.string().min(1),
  network: z.string().min(1),
  address: z.ipv4(),
  cpus: z.number().positive(),
  mem: z.number().min(32, 'Mesos gives a container at least 32 MB'),
  command: z.string().min(1).optional(),
  arguments: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  hostname: z.string().min(1).optional(),
  volumes: z.array(volume).default([]),
  healthCheck: healthCheck.optional(),
  constraints: z.strictObject({node: z.string().min(1).optional(), unique: z.boolean().optional()}).default({}),
});

/** The desired tasks. Names and addresses are unique: two tasks with the same one would replace each other for ever. */
export const taskList = z.array(taskSpec).superRefine((tasks, context) => {
  for (const field of ['name', 'address'] as const) {
    const firstWith = new Map<string, number>();
    tasks.forEach((task, index) => {
      const first = firstWith.get(task[field]);
      if (first === undefined) firstWith.set(task[field], index);
      else context.addIssue({code: 'custom', path: [index, field], message: `${task[field]} is already used by task ${first}`});
    });
  }
});

/** A task with all defaults filled in. */
export type TaskSpec = z.infer<typeof taskSpec>;
/** A task as it may be written. */
export type TaskSpecInput = z.input<typeof taskSpec>;
