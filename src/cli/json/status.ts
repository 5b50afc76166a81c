import * as z from 'zod';

const state = z.enum(['healthy', 'unhealthy', 'absent']);

/** `hw5 status --json` */
export const statusSchema = z.strictObject({
  cluster: z.string(),
  healthy: z.boolean(),
  nodes: z.array(
    z.strictObject({
      name: z.string(),
      address: z.string(),
      reachable: z.boolean(),
      error: z.string().optional().describe('why it is unreachable'),
      hint: z.string().optional().describe('how to fix that'),
      components: z.record(z.string(), z.strictObject({state, detail: z.string()})),
      peers: z
        .array(z.strictObject({address: z.string(), type: z.string(), state: z.string(), since: z.string(), info: z.string()}))
        .describe('the BGP peers as `calicoctl node status` reports them'),
    }),
  ),
  network: z.strictObject({name: z.string(), subnet: z.string(), state, nodes: z.array(z.string())}),
  framework: z.strictObject({
    state,
    id: z.string().nullable(),
    leader: z.string().nullable().describe('the node whose scheduler is the leader'),
    connected: z.boolean().describe('whether the leader is subscribed to the Mesos master'),
    master: z.string(),
    error: z.string().optional().describe("why the scheduler's state is unknown although it answers"),
    hint: z.string().optional(),
  }),
  tasks: z.array(
    z.strictObject({
      name: z.string(),
      state: z.string(),
      healthy: z.boolean().nullable().describe('null: no health check, none has finished, or the state is not confirmed'),
      isConfirmed: z.boolean().describe('false: the state is only the last known one, or unknown'),
      node: z.string().nullable(),
      ip: z.string(),
      image: z.string(),
      restarts: z.int(),
      message: z.string().describe('why it is in this state; empty if it is healthy'),
    }),
  ),
  notebook: z.strictObject({
    urls: z.array(z.string()),
    policies: z
      .array(z.strictObject({name: z.string(), selector: z.string()}))
      .nullable()
      .optional()
      .describe(
        "Calico's policies, which can cut the notebook off: only while a proxy cannot reach it; null if they cannot be read",
      ),
  }),
});
