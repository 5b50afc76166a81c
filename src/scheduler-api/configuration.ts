import * as z from 'zod';
import {taskList, taskName} from './task.js';
import {API_VERSION} from './version.js';

/** The file that hw5 writes for the scheduler on a node, and that the scheduler reads at its start and on SIGHUP. */
export const configuration = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    /** The node on which this instance runs. */
    node: z.string().min(1),
    master: z.string().regex(/^[^\s:/]+:\d+$/, 'write it as host:port'),
    name: taskName,
    user: z.string().min(1).default('root'),
    role: z.string().min(1).default('*'),
    failoverTimeoutSeconds: z.number().positive().default(604_800),
    etcd: z.array(z.url({protocol: /^http$/})).min(1),
    clusterToken: z.string().min(1),
    /** The path of the socket on which it serves its API. */
    listen: z.string().startsWith('/'),
    /** The agents that have the images, the network and the keys; without it, every agent of the master. */
    agents: z.array(z.strictObject({name: z.string().min(1), address: z.ipv4()})).optional(),
    principal: z.string().min(1).optional(),
    secretFile: z.string().startsWith('/').optional(),
    tasks: taskList,
  })
  .refine((config) => (config.principal === undefined) === (config.secretFile === undefined), {
    message: 'principal and secretFile belong together',
    path: ['principal'],
  });

/** The configuration with all defaults filled in, as the scheduler uses it. */
export type SchedulerConfiguration = z.infer<typeof configuration>;
/** The configuration as hw5 writes it. */
export type SchedulerConfigurationInput = z.input<typeof configuration>;
/** An agent on which tasks may run. */
export type AllowedAgent = NonNullable<SchedulerConfiguration['agents']>[number];
