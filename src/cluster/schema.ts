import * as z from 'zod';
import {ROLES} from './cluster.js';
import * as rule from './rules.js';

/**
 * The structure of the cluster file. Every key is optional here: `complete.ts` fills in defaults, and the checks report required values that are missing,
 * together with all other errors. cluster.example.yaml explains each key; a test compares the two.
 */

const jump = z.strictObject({
  host: rule.plain.optional(),
  port: rule.port.optional(),
  user: rule.plain.optional(),
  key: rule.file.optional(),
});

const login = {
  user: rule.plain.optional(),
  port: rule.port.optional(),
  key: rule.file.optional(),
  agent: z.boolean().optional(),
  passwordEnv: rule.variable.optional(),
  sudoPasswordEnv: rule.variable.optional(),
  sudoPasswordFile: rule.file.optional(),
  knownHosts: rule.file.optional(),
  jump: jump.optional(),
  connectTimeoutSeconds: rule.whole(1, 600, 'seconds').optional(),
  keepaliveSeconds: rule.whole(1, 600, 'seconds').optional(),
};

const roles = z.array(z.enum(ROLES));

const node = z.strictObject({
  name: rule.name.optional(),
  address: rule.ipv4.optional(),
  roles: roles.optional(),
  ssh: z.strictObject({...login, host: rule.plain.optional()}).optional(),
});

const base = z.strictObject({name: rule.image.optional(), import: rule.file.optional()});

const source = z.strictObject({
  kind: z.enum(['host', 'image', 'external']).optional(),
  image: rule.image.optional(),
  master: rule.hostPort.optional(),
});

const healthCheck = z.strictObject({
  type: z.enum(['http', 'tcp', 'none']).optional(),
  port: rule.port.optional(),
  path: z
    .string()
    .refine((value) => /^\/[^\s\p{Cc}]*$/u.test(value), {
      error: 'not the path of a URL',
      params: {hint: 'write a path that starts with `/`, as /api'},
    })
    .optional(),
  graceSeconds: rule.whole(0, 86_400, 'seconds').optional(),
  intervalSeconds: rule.whole(1, 3600, 'seconds').optional(),
  timeoutSeconds: rule.whole(1, 3600, 'seconds').optional(),
  failures: rule.whole(1, 1000, 'failures').optional(),
});

const addresses = z.array(rule.line);

const task = z.strictObject({
  name: rule.name.optional(),
  image: rule.image.optional(),
  count: rule.whole(1, 1000, 'tasks').optional(),
  address: rule.ipv4.optional(),
  addresses: addresses.optional(),
  cpus: rule.cpus.optional(),
  mem: rule.mem.optional(),
  command: rule.line.optional(),
  arguments: z.array(rule.argument).optional(),
  healthCheck: healthCheck.optional(),
  constraints: z.strictObject({node: rule.line.optional(), unique: z.boolean().optional()}).optional(),
});

export const clusterSchema = z.strictObject({
  name: rule.name.optional(),
  nodes: z.array(node).optional(),
  ssh: z.strictObject(login).optional(),
  etcd: z
    .strictObject({
      token: rule.label.optional(),
      clientPort: rule.unprivilegedPort.optional(),
      peerPort: rule.unprivilegedPort.optional(),
      dataDir: rule.dataDir.optional(),
    })
    .optional(),
  docker: z.strictObject({advertisePort: rule.port.optional()}).optional(),
  calico: z
    .strictObject({
      calicoctl: z
        .strictObject({url: rule.url.optional(), path: rule.file.optional(), sha256: rule.sha256.optional()})
        .optional(),
      nodeImage: rule.image.optional(),
      asNumber: rule.whole(1, 4_294_967_294, 'an autonomous system').optional(),
      natOutgoing: z.boolean().optional(),
    })
    .optional(),
  network: z.strictObject({name: rule.networkName.optional(), subnet: rule.cidr.optional()}).optional(),
  images: z.strictObject({base: base.optional(), builder: rule.line.optional(), user: rule.containerUser.optional()}).optional(),
  mesos: z
    .strictObject({
      source: source.optional(),
      masterPort: rule.port.optional(),
      agentPort: rule.port.optional(),
      resources: rule.resources.optional(),
      principal: rule.plain.optional(),
      secretFile: rule.file.optional(),
    })
    .optional(),
  proxy: z.strictObject({port: rule.port.optional(), apiPort: rule.unprivilegedPort.optional()}).optional(),
  framework: z
    .strictObject({
      name: rule.name.optional(),
      role: rule.plain.optional(),
      failoverTimeoutSeconds: rule.whole(60, 31_536_000, 'seconds').optional(),
      tokenFile: rule.file.optional(),
      tasks: z.array(task).optional(),
    })
    .optional(),
});

/** The content of a file that matches the schema. Addresses and blocks are parsed. */
export type ClusterInput = z.infer<typeof clusterSchema>;
export type NodeInput = z.infer<typeof node>;
export type SshInput = NonNullable<NodeInput['ssh']>;
export type TaskInput = z.infer<typeof task>;

/** Maps that may be abbreviated to a string, with the key that the string is the value of: a node's address, an image's name … */
export const SHORTHANDS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [node, 'address'],
  [jump, 'host'],
  [base, 'name'],
  [source, 'kind'],
  [healthCheck, 'type'],
]);

/** Lists that may be abbreviated to a string: a list with that one item. */
export const LISTS_OF_ONE: ReadonlySet<unknown> = new Set<unknown>([roles, addresses]);
