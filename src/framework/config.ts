import {z} from 'zod';
import {ConfigError} from '../support/errors.js';

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'use small letters, digits, dots and dashes');
const seconds = z.number().positive();
const port = z.number().int().min(1).max(65_535);

const healthCheck = z.strictObject({
  type: z.enum(['http', 'tcp']),
  port,
  path: z.string().startsWith('/').default('/'),
  graceSeconds: seconds.default(60),
  intervalSeconds: seconds.default(5),
  timeoutSeconds: seconds.default(5),
  failures: z.number().int().min(1).default(3),
});

const taskSpec = z.strictObject({
  name,
  image: z.string().min(1),
  network: z.string().min(1),
  address: z.ipv4(),
  cpus: z.number().positive(),
  mem: z.number().min(32, 'Mesos gives a container at least 32 MB'),
  command: z.string().min(1).optional(),
  arguments: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  hostname: z.string().min(1).optional(),
  volumes: z
    .array(
      z.strictObject({
        host: z.string().startsWith('/'),
        container: z.string().startsWith('/'),
        mode: z.enum(['ro', 'rw']).default('rw'),
      }),
    )
    .default([]),
  healthCheck: healthCheck.optional(),
  constraints: z.strictObject({node: z.string().min(1).optional(), unique: z.boolean().optional()}).default({}),
});

/** The tasks to keep running. Two of one name or of one address would fight for it for ever. */
export const taskList = z.array(taskSpec).superRefine((tasks, context) => {
  for (const field of ['name', 'address'] as const) {
    const seen = new Map<string, number>();
    tasks.forEach((task, index) => {
      const first = seen.get(task[field]);
      if (first === undefined) seen.set(task[field], index);
      else context.addIssue({code: 'custom', path: [index, field], message: `${task[field]} is already used by task ${first}`});
    });
  }
});

const configSchema = z
  .strictObject({
    node: z.string().min(1),
    master: z.string().regex(/^[^\s:/]+:\d+$/, 'write it as host:port'),
    name,
    user: z.string().min(1).default('root'),
    role: z.string().min(1).default('*'),
    failoverTimeoutSeconds: seconds.default(604_800),
    etcd: z.array(z.url({protocol: /^http$/})).min(1),
    clusterToken: z.string().min(1),
    listen: z.string().startsWith('/'),
    /** Those that have the images, the network and the keys; without it, all that the master has. */
    agents: z.array(z.strictObject({name: z.string().min(1), address: z.ipv4()})).optional(),
    principal: z.string().min(1).optional(),
    secretFile: z.string().startsWith('/').optional(),
    tasks: taskList,
  })
  .refine((config) => (config.principal === undefined) === (config.secretFile === undefined), {
    message: 'principal and secretFile belong together',
    path: ['principal'],
  });

export type TaskSpec = z.infer<typeof taskSpec>;
export type Agent = NonNullable<FrameworkConfig['agents']>[number];
export type FrameworkConfig = z.infer<typeof configSchema>;

/**
 * Reads the text of /etc/hw5/framework.json.
 * @throws {ConfigError} naming every fault with its path
 */
export function parseConfig(text: string, file: string): FrameworkConfig {
  return check(configSchema, parseJson(text, file), file);
}

/**
 * Checks a task list that came over the control API.
 * @throws {ConfigError} naming every fault with its path
 */
export function parseTasks(value: unknown, source: string): readonly TaskSpec[] {
  return check(taskList, value, source);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, {file});
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`);
  throw new ConfigError(`${file}: ${faults.join('; ')}`, {file, path: result.error.issues[0]?.path.join('.')});
}
